import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Failure, describe, failureOf } from './failure.mjs';
import { logError } from './log.mjs';
import { Tasks } from './tasks.mjs';

/** Remembers which package brought which plugin and module, so that a failure can name a package. */
export class Owners {
  #packages = new Map();

  note(name, { pluginId, moduleId }) {
    const key = JSON.stringify([pluginId, moduleId]);
    this.#packages.set(key, [...(this.#packages.get(key) ?? []), name]);
  }

  /** The packages that claimed this plugin, or module of a plugin, in the order in which they were added. */
  of(pluginId, moduleId) {
    return this.#packages.get(JSON.stringify([pluginId, moduleId])) ?? [];
  }
}

/**
 * Loads the features that the bundle lists under `orbit.features` in its package.json.
 *
 * All packages are tried, so that one answer names all that cannot be loaded.
 *
 * @param {string} bundle the bundle's folder
 * @param {NodeJS.Require} require resolves from that folder
 * @returns {Promise<{features: {name: string, feature: object}[], owners: Owners, tasks: Tasks}>}
 * @throws {Failure} load_failed
 */
export async function loadFeatures(bundle, require) {
  const owners = new Owners();
  const tasks = new Tasks();
  const features = [];
  const findings = [];
  for (const name of await listed(bundle)) {
    try {
      features.push({ name, feature: owned(await load(name, bundle, require), name, owners, tasks) });
    } catch (error) {
      logError(`load ${name}`, error);
      findings.push({ plugin: name, message: describe(error) });
    }
    // Loading keeps the thread busy for seconds; between two packages the control socket is answered.
    await turn();
  }
  if (findings.length > 0) throw failureOf('load_failed', findings);
  return { features, owners, tasks };
}

async function listed(bundle) {
  const path = join(bundle, 'package.json');
  let names;
  try {
    names = JSON.parse(await readFile(path, 'utf8')).orbit?.features;
  } catch (error) {
    throw new Failure('load_failed', `read the bundle's features: ${describe(error)}`);
  }
  if (!Array.isArray(names)) throw new Failure('load_failed', `${path} lists no orbit.features`);
  return names;
}

async function load(name, bundle, require) {
  // import() takes CommonJS and ECMAScript modules alike.
  const feature = unwrap(await import(pathToFileURL(require.resolve(name))));
  if (feature) return feature;
  const role = await roleOf(name, bundle);
  throw new Error(`the package exports no backend feature${role ? `: its role is ${role}` : ''}`);
}

/** The backend feature in a module, under one `default` or, for CommonJS, two; undefined where there is none. */
function unwrap(module) {
  for (let value = module, depth = 0; value && depth < 3; value = value.default, depth++) {
    if (value.$$type === '@backstage/BackendFeature') return value;
    if (value.$$type === '@backstage/BackendFeatureFactory') return value();
  }
  return undefined;
}

async function roleOf(name, bundle) {
  try {
    const path = findPackageJSON(name, pathToFileURL(join(bundle, 'package.json')));
    return JSON.parse(await readFile(path, 'utf8')).backstage?.role;
  } catch {
    return undefined; // It only makes the message better.
  }
}

/**
 * The same feature, noting its plugins, modules and tasks as Backstage reads them. The package's own code cannot be asked
 * beforehand: registering twice could have effects.
 */
function owned(feature, name, owners, tasks) {
  if (typeof feature.getRegistrations === 'function') {
    return {
      ...feature,
      getRegistrations() {
        const registrations = blaming(name, () => feature.getRegistrations());
        for (const registration of registrations) owners.note(name, registration);
        return registrations.map((registration) => tasks.watch(registration));
      },
    };
  }
  if (typeof feature.loader === 'function') {
    return {
      ...feature,
      async loader(deps) {
        const found = await feature.loader(deps);
        return found.map((value) => owned(unwrap(value) ?? value, name, owners, tasks));
      },
    };
  }
  return feature;
}

function blaming(name, register) {
  try {
    return register();
  } catch (error) {
    throw new Failure('boot_failed', describe(error), name);
  }
}
