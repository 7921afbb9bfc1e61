// A bundle in a temporary folder: made-up feature packages beside the installed release's real Backstage.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The installed release that the tests run against: a folder with node_modules. */
export const RELEASE = process.env.ORBIT_TEST_BUNDLE;

/** The reason to skip a test that needs the release; false when it is there. */
export const skip = RELEASE ? false : 'ORBIT_TEST_BUNDLE does not name an installed release';

const API = 'createBackendPlugin, createBackendModule, createServiceFactory, coreServices';
const IMPORTS = `const { ${API} } = require('@backstage/backend-plugin-api');`;

/**
 * Makes a bundle whose features are `packages`, from a package's name to its source (CommonJS) or, for a package that
 * is listed but not there, null. `manifests` has more of a package's package.json. It is removed after the test.
 *
 * @returns {Promise<string>} its folder
 */
export async function makeBundle(t, packages, manifests = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'orbit-host-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  // Node resolves the link, so the framework finds its own dependencies where it is really installed.
  await symlink(join(RELEASE, 'node_modules/@backstage'), join(folder, 'node_modules/@backstage'));
  const all = { 'no-database': NO_DATABASE, ...packages };
  await writeJSON(join(folder, 'package.json'), { private: true, orbit: { features: Object.keys(all) } });
  for (const [name, source] of Object.entries(all)) {
    if (source === null) continue;
    const home = join(folder, 'node_modules', name);
    await mkdir(home, { recursive: true });
    const manifest = { name, version: '1.0.0', backstage: { role: 'backend-plugin' }, ...manifests[name] };
    await writeJSON(join(home, 'package.json'), manifest);
    await writeFile(join(home, 'index.js'), source);
  }
  return folder;
}

function writeJSON(path, value) {
  return writeFile(path, JSON.stringify(value));
}

// Every plugin has an HTTP router, and the real one brings in authentication and so a database. The tests' plugins use
// the root router, which is the real one.
const NO_DATABASE = `${IMPORTS}
exports.default = createServiceFactory({ service: coreServices.httpRouter, deps: {}, factory: () => ({}) });`;

/** The source of a package with a plugin; `init` is code that may use config, logger and router. */
export function plugin(pluginId, init = '') {
  return `${IMPORTS}
exports.default = createBackendPlugin({ pluginId: '${pluginId}', register: (env) => env.registerInit({
  deps: { config: coreServices.rootConfig, logger: coreServices.logger, router: coreServices.rootHttpRouter },
  async init({ config, logger, router }) { ${init} },
}) });`;
}

/** The source of a package with a module of a plugin. */
export function module(pluginId, moduleId, init = '') {
  return `${IMPORTS}
const pluginId = '${pluginId}', moduleId = '${moduleId}';
exports.default = createBackendModule({ pluginId, moduleId, register: (env) => env.registerInit({
  deps: { config: coreServices.rootConfig },
  async init({ config }) { ${init} },
}) });`;
}
