import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { makeBundle, plugin, skip } from './bundle.mjs';
import { Host, get, withBaseUrl } from './driver.mjs';

/** A scaffolder whose one task, which runs until it is asked to end, then has to reach its own backend. */
const TASKS = `const { createBackendPlugin, coreServices } = require('@backstage/backend-plugin-api');
exports.default = createBackendPlugin({ pluginId: 'scaffolder', register: (env) => env.registerInit({
  deps: { config: coreServices.rootConfig, lifecycle: coreServices.rootLifecycle, router: coreServices.rootHttpRouter },
  async init({ config, lifecycle, router }) {
    const { host, port } = config.get('backend.listen');
    const ended = new Promise((resolve) => router.use('/end', (_, res) => res.end('ends', resolve)));
    router.use('/catalog', (_, res) => res.end('registered'));
    lifecycle.addShutdownHook(async () => {
      console.log('stopping');
      await ended;
      const answer = await fetch(\`http://\${host}:\${port}/catalog\`);
      console.log('the task is answered ' + answer.status);
    });
  },
}) });`;

const HANGING = plugin('hanging', `router.use('/hang', (_, res) => res.write('and'));`);

suite('the control socket', { skip, concurrency: 4 }, () => {
  test('answers nonsense with bad_request and goes on', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    await host.loaded();
    const connection = await host.connect();
    const code = async (id, line) => (await connection.send(id, line)).error.code;

    assert.equal(await code(null, '{"id":1,"op":'), 'bad_request');
    assert.equal(await code(null, '[1]'), 'bad_request');
    assert.equal(await code(2, '{"id":2,"op":"dance"}'), 'bad_request');
    assert.equal(await code(3, '{"id":3,"op":"start"}'), 'bad_request');
    assert.equal(await code(4, '{"id":4,"op":"start","config":{},"redact":[1]}'), 'bad_request');
    assert.equal(await code(5, '{"id":5,"op":"stop","graceMs":-1}'), 'bad_request');
    assert.equal((await connection.ask({ op: 'status' })).state, 'standby');
  });

  test('starts Backstage once, and takes a config only then', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    await host.loaded();
    const config = withBaseUrl({});
    assert.equal((await host.ask({ op: 'config', config })).error.code, 'wrong_state');
    const [first, second] = await Promise.all([host.ask({ op: 'start', config }), host.ask({ op: 'start', config })]);
    assert.deepEqual([first, second].map((a) => a.ok).sort(), [false, true]);
    assert.equal((await host.ask({ op: 'start', config })).error.code, 'wrong_state');
    assert.equal((await host.ask({ op: 'status' })).state, 'ready');
  });

  test('may be left at any time: the instance lives on and finishes what it was asked', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-a': plugin('a') }));
    await host.loaded();
    const leaving = await host.connect();
    const sent = Promise.withResolvers();
    leaving.socket.write(`${JSON.stringify({ id: 1, op: 'start', config: withBaseUrl({}) })}\n`, sent.resolve);
    await sent.promise;
    leaving.socket.destroy();

    const connection = await host.connect();
    let status;
    do status = await connection.ask({ op: 'status' });
    while (status.state !== 'ready' && status.state !== 'failed');
    assert.equal(status.state, 'ready');
    assert.equal((await get(status.port, '/.backstage/health/v1/readiness')).status, 200);
  });

  test('answers a client that has already said all', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    const socket = createConnection(host.socket);
    socket.end('{"id":1,"op":"status"}\n{"id":2,"op":"status"}\n');
    const lines = (await text(socket)).trim().split('\n');
    assert.deepEqual(lines.map((l) => JSON.parse(l).id), [1, 2]);
  });

  test('takes the place of a stale file and goes with the process', async (t) => {
    const bundle = await makeBundle(t, {});
    await writeFile(join(bundle, 'control.sock'), 'stale');
    const host = await Host.start(t, bundle);
    await host.loaded();
    await host.ask({ op: 'stop' });
    assert.equal(await host.exit(), 0);
    assert.equal(existsSync(host.socket), false);
  });
});

suite('a stop', { skip, concurrency: 4 }, () => {
  test('of a standby is immediate', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-a': plugin('a') }));
    await host.loaded();
    assert.deepEqual(await host.ask({ op: 'stop', graceMs: 10_000 }), { ok: true });
    assert.equal(await host.exit(), 0);
  });

  test('lets requests under way finish', async (t) => {
    const init = `router.use('/slow', (_, res) => {
      console.log('under way');
      setTimeout(() => res.end('done'), 300);
    });`;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-slow': plugin('slow', init) }));
    const { port } = await host.boot();
    const underWay = host.said('under way');
    const slow = get(port, '/slow');
    await underWay;
    await host.ask({ op: 'stop', graceMs: 30_000 });
    assert.equal((await slow).body, 'done');
    assert.equal(await host.exit(), 0);
  });

  test('lets tasks finish before all that they may need is told to end', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-tasks': TASKS }));
    const { port } = await host.boot();
    const stopping = host.said('stopping');
    await host.ask({ op: 'stop', graceMs: 30_000 });
    await stopping;
    assert.equal((await get(port, '/end')).body, 'ends');
    assert.equal(await host.exit(), 0);
    assert.match(host.output, /the task is answered 200/);
    assert.equal(host.output.match(/stopping/g).length, 1);
  });

  test('takes the shortest grace of those it is given', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-hanging': HANGING }));
    const { port } = await host.boot();
    const response = await fetch(`http://127.0.0.1:${port}/hang`);
    await host.ask({ op: 'stop', graceMs: 2 ** 31 - 1 });
    await host.ask({ op: 'stop', graceMs: 50 });
    assert.equal(await host.exit(), 1);
    await assert.rejects(response.text());
  });

  test('ends what does not end, with code 1, when the grace is over', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-hanging': HANGING }));
    const { port } = await host.boot();
    const response = await fetch(`http://127.0.0.1:${port}/hang`);
    assert.equal(response.status, 200);
    await host.ask({ op: 'stop', graceMs: 50 });
    assert.equal(await host.exit(), 1);
    await assert.rejects(response.text());
  });

  test('while Backstage starts ends the process and the start', async (t) => {
    const init = `console.log('starting now'); await new Promise((turn) => setTimeout(turn, 200));`;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-slow': plugin('slow', init) }));
    await host.loaded();
    const started = host.ask({ op: 'start', config: withBaseUrl({}) });
    await host.said('starting now');
    await host.ask({ op: 'stop', graceMs: 30_000 });
    assert.equal((await started).ok, false);
    assert.equal(await host.exit(), 0);
  });

  test('is what SIGTERM means', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-a': plugin('a') }));
    await host.boot();
    host.process.kill('SIGTERM');
    assert.equal(await host.exit(), 0);
    assert.equal(existsSync(host.socket), false);
  });
});
