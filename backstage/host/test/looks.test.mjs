import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeBundle, plugin, skip } from './bundle.mjs';
import { Host, withBaseUrl } from './driver.mjs';

const IMPORTS = `const { createServiceFactory, coreServices } = require('@backstage/backend-plugin-api');`;

// The services that would want a database, so that the release's own proxy runs without one.
const service = (ref, value) => `${IMPORTS}
exports.default = createServiceFactory({ service: coreServices.${ref}, deps: {}, factory: () => (${value}) });`;
const WITH_PROXY = {
  'no-database': `${IMPORTS}
    exports.default = createServiceFactory({
      service: coreServices.httpRouter,
      deps: { root: coreServices.rootHttpRouter, plugin: coreServices.pluginMetadata },
      factory: ({ root, plugin }) => ({ use: (handler) => root.use('/api/' + plugin.getId(), handler), addAuthPolicy() {} }),
    });`,
  auth: service('auth', `{ getOwnServiceCredentials: async () => ({}), getPluginRequestToken: async () => ({ token: 't' }) }`),
  'http-auth': service('httpAuth', `{ credentials: async () => ({}) }`),
  '@backstage/plugin-proxy-backend': null,
};

const within = { withinMs: 300 };
const ROUTES = { path: 'proxy.endpoints', kind: 'routes', ...within };
const has = (route) => ({ path: route, kind: 'route', route, ...within });
const hasNot = (route) => ({ path: route, kind: 'no_route', route, ...within });
const OVERRIDES = { path: 'backend.logger.overrides', kind: 'overrides', ...within };
const value = (path) => ({ path, kind: 'value', ...within });

/** Pushes and looks; the paths whose effect was not seen. */
async function push(host, config, ...looks) {
  const answer = await host.ask({ op: 'config', config: withBaseUrl(config), looks });
  assert.ok(answer.ok, JSON.stringify(answer));
  return (answer.unseen ?? []).map(({ path }) => path);
}

const proxy = (endpoints, more = {}) => ({ proxy: { endpoints, ...more } });

suite('the effect of a config that was pushed', { skip, concurrency: 4 }, () => {
  test('is seen in the routes of the proxy, and nothing is asked of where they lead', async (t) => {
    const host = await Host.start(t, await makeBundle(t, WITH_PROXY));
    await host.boot(proxy({ '/kept': 'http://127.0.0.1:1' }));
    const [one, other] = ['http://127.0.0.1:1', { target: 'http://127.0.0.1:1', headers: { a: 'b' } }];
    assert.deepEqual(await push(host, proxy({ '/kept': one, '/new/': one }), ROUTES, has('/new/')), []);
    assert.deepEqual(await push(host, proxy({ '/kept': other }), ROUTES, has('/kept'), hasNot('/new/')), []);
    assert.deepEqual(await push(host, { proxy: { '/old-place': one } }, ROUTES, has('/old-place'), hasNot('/kept')), []);
    assert.deepEqual(await push(host, {}, ROUTES, hasNot('/old-place')), []);
    assert.ok(!host.output.includes('Error occurred while trying to proxy'), host.output);
  });

  test('is missed where the proxy skips a route, and where it keeps one', async (t) => {
    const host = await Host.start(t, await makeBundle(t, WITH_PROXY));
    const config = (endpoints) => proxy(endpoints, { skipInvalidProxies: true });
    await host.boot(config({}));
    const pushed = config({ '/bad': 'no URL', '/good': 'http://127.0.0.1:1' });
    assert.deepEqual(await push(host, pushed, ROUTES, has('/bad'), has('/good'), hasNot('/good')), ['/bad', '/good']);
  });

  test('is missed where no proxy runs', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    await host.boot();
    const answer = await host.ask({ op: 'config', config: withBaseUrl(proxy({ '/a': 'http://127.0.0.1:1' })), looks: [ROUTES] });
    assert.deepEqual(answer, { ok: true, unseen: [{ path: 'proxy.endpoints', why: 'the plugin proxy does not run' }] });
  });

  for (const level of ['info', 'debug']) {
    test(`is seen in what the logger does with a line, whatever else it overrides, at level ${level}`, async (t) => {
      const host = await Host.start(t, await makeBundle(t, {}));
      const logger = (overrides) => ({ backend: { logger: { level, overrides } } });
      await host.boot(logger([]));
      assert.deepEqual(await push(host, logger([{ matchers: {}, level: 'warn' }]), OVERRIDES), []);
      assert.deepEqual(await push(host, logger([]), OVERRIDES), []);
    });
  }

  test('is missed where somebody takes the overrides away', async (t) => {
    const meddler = `const { createBackendPlugin, coreServices } = require('@backstage/backend-plugin-api');
      exports.default = createBackendPlugin({ pluginId: 'meddler', register: (env) => env.registerInit({
        deps: { config: coreServices.rootConfig, logger: coreServices.rootLogger },
        init: async ({ config, logger }) => void config.subscribe(() => logger.setLevelOverrides([])),
      }) });`;
    const host = await Host.start(t, await makeBundle(t, { meddler }));
    await host.boot();
    const overrides = [{ matchers: { plugin: 'x' }, level: 'debug' }];
    assert.deepEqual(await push(host, { backend: { logger: { overrides } } }, OVERRIDES), ['backend.logger.overrides']);
  });

  test('is seen in the value that the next reader gets', async (t) => {
    // A plugin that reaches behind the config service, so that readers get something else.
    const init = `
      const get = config.getOptional.bind(config);
      config.getOptional = (key) => (key === 'techdocs.builder' ? 'local' : get(key));
    `;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-meddler': plugin('meddler', init) }));
    await host.boot({ techdocs: { builder: 'local' } });
    const looks = [value('techdocs.builder'), value('auth.providers.guest.ownershipEntityRefs')];
    const config = { techdocs: { builder: 'external' }, auth: { providers: { guest: { ownershipEntityRefs: ['group:a'] } } } };
    assert.deepEqual(await push(host, config, ...looks), ['techdocs.builder']);
    assert.deepEqual(await push(host, { techdocs: { builder: 'local' } }, ...looks), []);
  });

  test('is not there when a listener logs an error, also while it is looked for', async (t) => {
    const init = `
      const say = (word) => config.getString('word') === word && logger.error('cannot take it ' + word);
      config.subscribe(() => say('now'));
      config.subscribe(() => void setTimeout(() => say('later'), 20));
    `;
    const host = await Host.start(t, await makeBundle(t, { 'plugin-quiet': plugin('quiet', init) }));
    await host.boot({ word: 'first' });
    for (const word of ['now', 'later']) {
      // Routes are looked for in vain, because no proxy runs, and so for as long as it may take.
      const refused = await host.ask({ op: 'config', config: withBaseUrl({ word }), looks: [ROUTES] });
      assert.deepEqual(refused.error, { code: 'push_failed', message: `listeners of the config failed: cannot take it ${word}` });
    }
  });

  test('is asked for in a form that is checked', async (t) => {
    const host = await Host.start(t, await makeBundle(t, {}));
    await host.boot();
    for (const looks of [1, [1], [{ path: 'a', kind: 'value' }]]) {
      const answer = await host.ask({ op: 'config', config: withBaseUrl({}), looks });
      assert.equal(answer.error?.code, 'bad_request', JSON.stringify(looks));
    }
    const unknown = await host.ask({ op: 'config', config: withBaseUrl({}), looks: [{ path: 'a', kind: 'smell', withinMs: 0 }] });
    assert.deepEqual(unknown.unseen, [{ path: 'a', why: 'this process knows no look "smell"' }]);
  });
});
