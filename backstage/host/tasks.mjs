/** The plugin that runs tasks, and what it waits for them with: the lifecycles that Backstage has. */
const PLUGIN = 'scaffolder';
const LIFECYCLES = ['core.rootLifecycle', 'core.lifecycle'];

/**
 * The scaffolder's running tasks. Told to shut down, it claims no more of them and waits for those that run. Backstage
 * tells all plugins, its HTTP server and its database at once, so that a task that still has to register a component
 * would fail. Here the scaffolder is told before all others, and they go on until its tasks have ended.
 */
export class Tasks {
  #hooks = [];

  /** The same registration of a plugin, its shutdown hooks noted when it is the scaffolder's. */
  watch(registration) {
    const { pluginId, moduleId, init } = registration;
    if (pluginId !== PLUGIN || moduleId || !init) return registration;
    const names = Object.keys(init.deps).filter((name) => LIFECYCLES.includes(init.deps[name].id));
    const func = (deps, ...rest) => {
      const noted = names.map((name) => [name, this.#noting(deps[name])]);
      return init.func({ ...deps, ...Object.fromEntries(noted) }, ...rest);
    };
    return { ...registration, init: { ...init, func } };
  }

  /** Returns when no task runs any more, and none will. */
  async finish() {
    await Promise.allSettled(this.#hooks.map((hook) => hook()));
  }

  #noting(lifecycle) {
    const addShutdownHook = (hook, options) => {
      let ran; // Backstage runs it too, later
      const once = () => (ran ??= Promise.resolve().then(hook));
      this.#hooks.push(once);
      lifecycle.addShutdownHook(once, options);
    };
    return new Proxy(lifecycle, {
      get(target, name) {
        if (name === 'addShutdownHook') return addShutdownHook;
        const value = target[name];
        return typeof value === 'function' ? value.bind(target) : value; // it has private fields
      },
    });
  }
}
