import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeBundle, module, plugin, skip } from './bundle.mjs';
import { Host } from './driver.mjs';

/** Boots a host that will not come up; its answer's error, after checking that the process ended with code 1. */
async function bootError(t, packages, config, redact) {
  const host = await Host.start(t, await makeBundle(t, packages));
  const answer = await host.boot(config, redact);
  assert.equal(answer.ok, false);
  assert.equal(await host.exit(), 1);
  return answer.error;
}

/** Loads a bundle that cannot be loaded; the error in the status, after checking that the process ended with code 1. */
async function loadError(t, packages) {
  const host = await Host.start(t, await makeBundle(t, packages));
  const status = await host.loaded();
  assert.equal(status.state, 'failed');
  assert.equal(await host.exit(), 1);
  return status.error;
}

suite('a Backstage that does not start', { skip, concurrency: 4 }, () => {
  test('names the package of a plugin that throws', async (t) => {
    const bad = plugin('bad', `throw new Error('no luck');`);
    const packages = { 'plugin-good': plugin('good'), '@acme/plugin-bad': bad };
    assert.deepEqual(await bootError(t, packages), {
      code: 'boot_failed',
      plugin: '@acme/plugin-bad',
      message: 'no luck',
    });
  });

  test('names the package and the key of a missing required config', async (t) => {
    const packages = { 'plugin-needy': plugin('needy', `config.getString('needy.token');`) };
    const error = await bootError(t, packages);
    assert.equal(error.plugin, 'plugin-needy');
    assert.match(error.message, /'needy\.token'/);
  });

  test('tells a module from the plugin it extends', async (t) => {
    const packages = {
      'plugin-shop': plugin('shop'),
      'plugin-shop-module-eu': module('shop', 'eu', `throw new Error('outer', { cause: new Error('inner') });`),
    };
    const error = await bootError(t, packages);
    assert.equal(error.plugin, 'plugin-shop-module-eu');
    assert.equal(error.message, 'outer; caused by inner');
  });

  test('gives the reason of a service that fails, not the way to it', async (t) => {
    const failing = `const { createServiceFactory, coreServices } = require('@backstage/backend-plugin-api');
exports.default = createServiceFactory({ service: coreServices.urlReader, deps: { logger: coreServices.logger },
  factory() { throw new TypeError('no reader, no luck'); } });`;
    const needs = plugin('needs').replace('coreServices.rootHttpRouter', 'coreServices.urlReader');
    assert.deepEqual(await bootError(t, { 'failing-service': failing, 'plugin-needs': needs }), {
      code: 'boot_failed',
      plugin: 'plugin-needs',
      message: 'no reader, no luck',
    });
  });

  test('lists all that failed and names the first', async (t) => {
    const packages = {
      'plugin-late': plugin('late', `await new Promise((done) => setTimeout(done, 50)); throw new Error('second');`),
      'plugin-early': plugin('early', `throw new Error('first');`),
    };
    assert.deepEqual(await bootError(t, packages), {
      code: 'boot_failed',
      plugin: 'plugin-early',
      message: 'plugin-early: first\nplugin-late: second',
    });
  });

  test('names no package when different plugins fail for one reason', async (t) => {
    const init = (id) => `throw new Error("connect for '${id}': refused");`;
    const packages = { 'plugin-a': plugin('a', init('a')), 'plugin-b': plugin('b', init('b')) };
    const error = await bootError(t, packages);
    assert.equal(error.plugin, undefined);
    assert.match(error.message, /^connect for '[ab]': refused \(plugin-[ab], plugin-[ab]\)$/);
  });

  test('names both packages of one pluginId, the later one as the one too many', async (t) => {
    const error = await bootError(t, { 'plugin-one': plugin('same'), 'plugin-two': plugin('same') });
    assert.equal(error.plugin, 'plugin-two');
    assert.match(error.message, /already registered.*plugin-one and in plugin-two/);
  });

  test('names the package that cannot even register', async (t) => {
    const source = plugin('odd').replace('env.registerInit', 'env.registerNothing');
    const error = await bootError(t, { 'plugin-odd': source });
    assert.equal(error.plugin, 'plugin-odd');
    assert.match(error.message, /registerNothing is not a function/);
  });

  test('reports what is no plugin\'s fault without a package', async (t) => {
    const error = await bootError(t, { 'plugin-good': plugin('good') }, { backend: { health: { headers: { a: 7 } } } });
    assert.equal(error.plugin, undefined);
    assert.match(error.message, /backend\.health\.headers/);
  });

  test('quotes no secret', async (t) => {
    const packages = { 'plugin-leaky': plugin('leaky', `throw new Error('login with ' + config.getString('token'));`) };
    const error = await bootError(t, packages, { token: 'hunter22' }, ['hunter22']);
    assert.equal(error.message, 'login with ***');
  });

  test('does not keep the process, though Backstage would, when a plugin leaves work behind', async (t) => {
    const init = `setInterval(() => {}, 1000); throw new Error('no luck');`;
    await bootError(t, { 'plugin-busy': plugin('busy', init) });
  });
});

suite('a bundle that cannot be loaded', { skip, concurrency: 4 }, () => {
  test('names the package that is missing', async (t) => {
    const error = await loadError(t, { 'plugin-good': plugin('good'), '@acme/plugin-missing': null });
    assert.equal(error.code, 'load_failed');
    assert.equal(error.plugin, '@acme/plugin-missing');
    assert.equal(error.message, `Cannot find module '@acme/plugin-missing'`);
  });

  test('names the package that throws while it is imported', async (t) => {
    const error = await loadError(t, { 'plugin-broken': `require('not-installed');` });
    assert.equal(error.plugin, 'plugin-broken');
    assert.equal(error.message, `Cannot find module 'not-installed'`);
  });

  test('names the package that exports no feature, and its role', async (t) => {
    const error = await loadError(t, { 'plugin-page': `exports.default = { page: true };` });
    assert.equal(error.plugin, 'plugin-page');
    assert.equal(error.message, 'the package exports no backend feature: its role is backend-plugin');
  });

  test('lists all packages that cannot be loaded', async (t) => {
    const error = await loadError(t, { 'plugin-x': null, 'plugin-y': `throw new Error('why');` });
    assert.equal(error.plugin, 'plugin-x');
    assert.equal(error.message, `plugin-x: Cannot find module 'plugin-x'\nplugin-y: why`);
  });
});
