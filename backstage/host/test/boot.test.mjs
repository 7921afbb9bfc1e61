import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { suite, test } from 'node:test';
import { makeBundle, module, plugin, skip } from './bundle.mjs';
import { Host, get, withBaseUrl } from './driver.mjs';

const READINESS = '/.backstage/health/v1/readiness';

suite('a host that boots', { skip, concurrency: 4 }, () => {
  test('stands by, starts on order, and is ready when it says so', async (t) => {
    const bundle = await makeBundle(t, { 'plugin-greeter': plugin('greeter') });
    const host = await Host.start(t, bundle);

    const standby = await host.loaded();
    assert.equal(standby.state, 'standby');
    assert.equal(standby.workspace, 'acme');
    assert.equal(standby.pid, host.pid);
    assert.equal(standby.port, 0);
    assert.equal(standby.node, process.version);

    const started = await host.boot();
    assert.equal(started.ok, true, JSON.stringify(started));
    assert.equal((await get(started.port, READINESS)).status, 200);

    const ready = await host.ask({ op: 'status' });
    assert.equal(ready.state, 'ready');
    assert.equal(ready.port, started.port);
    assert.ok(ready.rss > 50 << 20, `rss is in bytes: ${ready.rss}`);
  });

  test('listens on loopback, on the port that its config tells plugins, whatever it was asked for', async (t) => {
    const init = `router.use('/listen', (_, res) => res.end(JSON.stringify(config.get('backend.listen'))));`;
    const bundle = await makeBundle(t, { 'plugin-listen': plugin('listen', init) });
    const host = await Host.start(t, bundle);

    const { port } = await host.boot({ backend: { listen: { port: 1 } } });
    const { body } = await get(port, '/listen');
    assert.deepEqual(JSON.parse(body), { host: '127.0.0.1', port });
  });

  test('becomes the workspace that it is started for', async (t) => {
    const init = `logger.info(JSON.stringify([process.cwd(), process.env.HOME, process.env.TMPDIR]));`;
    const bundle = await makeBundle(t, { 'plugin-where': plugin('where', init) });
    const host = await Host.start(t, bundle);
    await host.loaded();
    const place = { workspace: 'globex', home: dirname(bundle), tmp: bundle };
    const started = await host.ask({ op: 'start', config: withBaseUrl({}), ...place });
    assert.equal(started.ok, true, JSON.stringify(started));
    assert.equal((await host.ask({ op: 'status' })).workspace, 'globex');
    const line = host.lines.find((l) => l.plugin === 'where');
    assert.deepEqual(JSON.parse(line.message), [dirname(bundle), dirname(bundle), bundle]);
    assert.equal(line.workspace, 'globex');
  });

  test('lets nobody else at its control socket', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    assert.equal((await stat(host.socket)).mode & 0o777, 0o600);
  });

  test('has no secret in its arguments, environment or log', async (t) => {
    const secret = 'line one "quoted"\nline two é&';
    const init = `
      logger.info('connects with ' + config.getString('token'), { token: config.getString('token') });
      logger.child({ part: config.getString('token') }).warn('again');
      console.log(config.getString('token'));
      process.stderr.write('https://u:' + encodeURIComponent(config.getString('token')) + '@host\\n');
    `;
    const bundle = await makeBundle(t, { 'plugin-chatty': plugin('chatty', init) });
    const host = await Host.start(t, bundle);
    assert.equal((await host.boot({ token: secret }, [secret])).ok, true);

    for (const file of ['cmdline', 'environ']) {
      assert.doesNotMatch(await readFile(`/proc/${host.pid}/${file}`, 'utf8'), /line one|line two/);
    }
    assert.doesNotMatch(host.output, /line one|line two|line%20one/);
    const line = host.lines.find((l) => l.message.startsWith('connects with'));
    assert.equal(line.message, 'connects with ***');
    assert.equal(line.plugin, 'chatty');
    assert.equal(line.workspace, 'acme');
    assert.ok(Date.parse(line.timestamp) > 0, line.timestamp);
  });

  test('masks the secrets of a later config as well as those of the first', async (t) => {
    const init = `config.subscribe(() => logger.info('now ' + config.getString('token') + ' was first-secret'));`;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-chatty': plugin('chatty', init) }));
    await host.boot({ token: 'first-secret' }, ['first-secret']);
    await host.ask({ op: 'config', config: { token: 'second-secret' }, redact: ['second-secret'] });
    await host.said('now *** was ***'); // what is logged and what is answered come different ways
    assert.doesNotMatch(host.output, /first-secret|second-secret/);
  });

  test('keeps to the configured log levels', async (t) => {
    const init = `logger.info('quiet'); logger.warn('loud');`;
    const bundle = await makeBundle(t, { 'plugin-a': plugin('a', init), 'plugin-b': plugin('b', init) });
    const host = await Host.start(t, bundle);
    const overrides = [{ level: 'warn', matchers: { plugin: 'a' } }];
    assert.equal((await host.boot({ backend: { logger: { overrides } } })).ok, true);
    const said = host.lines.filter((l) => ['quiet', 'loud'].includes(l.message)).map((l) => [l.plugin, l.message]);
    assert.deepEqual(said.sort(), [['a', 'loud'], ['b', 'loud'], ['b', 'quiet']]);
  });

  test('starts modules and packages whose code is an ECMAScript module', async (t) => {
    const source = plugin('modern', `router.use('/modern', (_, res) => res.end('yes'));`);
    const bundle = await makeBundle(t, {
      'plugin-modern': source
        .replace(/const (\{.*\}) = require\('(.*)'\);/, `import $1 from '$2';`)
        .replace('exports.default =', 'export default'),
      'plugin-modern-module': module('modern', 'extra'),
    }, { 'plugin-modern': { type: 'module' } });
    const host = await Host.start(t, bundle);
    const started = await host.boot();
    assert.equal(started.ok, true, JSON.stringify(started));
    assert.equal((await get(started.port, '/modern')).body, 'yes');
  });
});
