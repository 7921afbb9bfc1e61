/**
 * What a look needs of the Backstage it looks into: `config` and `logger`, the root services; `port`, where it listens;
 * `marks`, what it was given to be recognised by; and what plugins have of their own.
 */
export class Inside {
  config;
  logger;
  port;
  #plugins = new Map();

  constructor(marks) {
    this.marks = marks;
  }

  /** What the plugin has of its own: `auth` of the proxy, `database` of the catalog. */
  of(pluginId) {
    const own = this.#plugins.get(pluginId);
    if (!own) throw new Error(`the plugin ${pluginId} does not run`);
    return own;
  }

  /** The feature that brings it: modules of those of the plugins that are there. It is added as the last one. */
  feature({ coreServices, createBackendModule }, owners) {
    const needs = { proxy: { auth: coreServices.auth }, catalog: { database: coreServices.database } };
    const modules = Object.entries(needs).map(([pluginId, deps]) => createBackendModule({
      pluginId,
      moduleId: 'orbit-looks',
      register: (env) => env.registerInit({ deps, init: async (own) => void this.#plugins.set(pluginId, own) }),
    }));
    return {
      ...modules[0],
      getRegistrations: () => modules
        .flatMap((module) => module.getRegistrations())
        .filter(({ pluginId }) => owners.of(pluginId).length > 0),
    };
  }
}
