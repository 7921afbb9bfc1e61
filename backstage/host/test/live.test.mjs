import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeBundle, plugin, skip } from './bundle.mjs';
import { Host, get, withBaseUrl } from './driver.mjs';

// Answers a greeting that a listener keeps and one that is read at each request.
const GREETER = plugin('greeter', `
  let kept = config.getString('greeting');
  config.getConfig('backend').subscribe(() => { kept = config.getString('greeting'); });
  router.use('/greet', (_, res) => res.end(kept + ' ' + config.getString('greeting')));
`);

suite('a config pushed into a running Backstage', { skip, concurrency: 4 }, () => {
  test('is seen by listeners and by readers when it is answered, on the same port', async (t) => {
    const host = await Host.start(t, await makeBundle(t, { 'plugin-greeter': GREETER }));
    const { port } = await host.boot({ greeting: 'hello' });
    assert.equal((await get(port, '/greet')).body, 'hello hello');

    for (const greeting of ['hallo', 'bonjour', 'ciao']) {
      assert.deepEqual(await host.ask({ op: 'config', config: withBaseUrl({ greeting }) }), { ok: true });
      assert.equal((await get(port, '/greet')).body, `${greeting} ${greeting}`);
    }
    assert.equal((await host.ask({ op: 'status' })).port, port);
  });

  test('keeps the chosen port for those who read it', async (t) => {
    const init = `router.use('/port', (_, res) => res.end(String(config.getNumber('backend.listen.port'))));`;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-port': plugin('port', init) }));
    const { port } = await host.boot();
    await host.ask({ op: 'config', config: withBaseUrl({ backend: { listen: { host: '0.0.0.0', port: 1 } } }) });
    assert.equal((await get(port, '/port')).body, String(port));
  });

  test('is waited for when a listener takes its time', async (t) => {
    const init = `
      let done = 0;
      config.subscribe(async () => { await new Promise((turn) => setTimeout(turn, 50)); done++; });
      router.use('/done', (_, res) => res.end(String(done)));
    `;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-slow': plugin('slow', init) }));
    const { port } = await host.boot();
    await host.ask({ op: 'config', config: withBaseUrl({ changed: true }) });
    assert.equal((await get(port, '/done')).body, '1');
  });

  test('is refused in words when a listener throws, now or later; the next one is heard again', async (t) => {
    const init = `
      config.subscribe(() => { if (config.has('bad')) throw new Error('cannot take ' + config.getString('bad')); });
      config.subscribe(async () => { if (config.has('bad')) throw new Error('later'); });
    `;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-picky': plugin('picky', init) }));
    await host.boot();
    const refused = await host.ask({ op: 'config', config: withBaseUrl({ bad: 'token-1' }), redact: ['token-1'] });
    assert.deepEqual(refused, {
      ok: false,
      error: { code: 'push_failed', message: 'listeners of the config failed: cannot take ***; later' },
    });
    assert.deepEqual(await host.ask({ op: 'config', config: withBaseUrl({ good: true }) }), { ok: true });
    assert.equal((await host.ask({ op: 'status' })).state, 'ready');
  });

  test('may be large', async (t) => {
    const init = `router.use('/size', (_, res) => res.end(String(config.getString('blob').length)));`;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-large': plugin('large', init) }));
    const { port } = await host.boot({ blob: 'a'.repeat(3 << 20) });
    assert.equal((await get(port, '/size')).body, String(3 << 20));
    await host.ask({ op: 'config', config: withBaseUrl({ blob: 'ü'.repeat(4 << 20) }) });
    assert.equal((await get(port, '/size')).body, String(4 << 20));
  });
});
