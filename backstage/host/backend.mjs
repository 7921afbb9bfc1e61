import { orbitAccess } from './access.mjs';
import { PushedConfig } from './config.mjs';
import { earlierApp } from './earlier.mjs';
import { Failure, bootFailure } from './failure.mjs';
import { Inside } from './inside.mjs';
import { createLogger } from './logger.mjs';
import { Looks } from './looks.mjs';
import { Marks } from './marks.mjs';
import { packedApp } from './packed.mjs';
import { ReservedPort, ready } from './port.mjs';

/**
 * One Backstage backend. It differs from a plain `createBackend()` in four services: the config comes from memory, the
 * log is JSON and knows nothing of schemas, the listening port is reserved beforehand, and what orbitd signs is taken.
 */
export class Backend {
  #require;
  #features;
  #owners;
  #tasks;
  #config = new PushedConfig();
  #marks = new Marks();
  #inside = new Inside(this.#marks);
  #looks = new Looks(this.#inside);
  #given;
  #backend;
  #port;
  #stopped = false;

  /** Loads the framework; `features`, `owners` and `tasks` are what loadFeatures gave. */
  constructor({ require, features, owners, tasks }) {
    this.#require = require;
    this.#features = features;
    this.#owners = owners;
    this.#tasks = tasks;
    this.#backend = framework(require).createBackend();
  }

  /**
   * Starts Backstage for the workspace and returns the port it listens on when it is ready.
   *
   * @throws {Failure} boot_failed
   */
  async start(config, workspace) {
    try {
      this.#port = await ReservedPort.on(listenHost(config));
      this.#given = this.#withPort(config);
      const rootConfig = await this.#config.open(framework(this.#require), this.#given);
      Object.assign(this.#inside, { config: rootConfig, port: this.#port });
      for (const service of this.#services(rootConfig, workspace)) this.#backend.add(service);
      for (const { name, feature } of this.#features) {
        if (isWanted(name, config)) this.#backend.add(feature);
      }
      if (config.app?.earlierPackageName) this.#backend.add(earlierApp(this.#require, framework(this.#require), config));
      this.#backend.add(this.#inside.feature(framework(this.#require), this.#owners));
      await this.#backend.start();
      if (this.#stopped) throw new Failure('wrong_state', 'stopped while Backstage was starting');
      await ready(this.#port);
    } catch (error) {
      throw bootFailure(error, this.#owners);
    }
    return this.#port.number;
  }

  /**
   * Gives the running Backstage its whole new config and looks for its effect.
   *
   * @returns {Promise<{path: string, why: string}[]>} what was looked for and not seen in time
   * @throws {Failure} push_failed when a listener failed; the config is the new one nevertheless
   */
  async push(config, looks) {
    const before = this.#given;
    this.#given = this.#marks.into(this.#withPort(config), looks);
    const { wentWell } = await this.#config.push(this.#given);
    const unseen = await this.#looks.unseen(looks, before, this.#given);
    wentWell(); // listeners can go on, and fail, while their effect is looked for
    return unseen;
  }

  /** Finishes tasks and requests; without effect before start. */
  async stop() {
    this.#stopped = true;
    await this.#tasks.finish();
    await this.#backend.stop();
  }

  #withPort(config) {
    const { host, number } = this.#port;
    return { ...config, backend: { ...config.backend, listen: { host, port: number } } };
  }

  #services(rootConfig, workspace) {
    const { coreServices, createServiceFactory, rootHttpRouterServiceFactory } = framework(this.#require);
    return [
      orbitAccess(this.#require, framework(this.#require)),
      createServiceFactory({ service: coreServices.rootConfig, deps: {}, factory: () => rootConfig }),
      createServiceFactory({
        service: coreServices.rootLogger,
        deps: { config: coreServices.rootConfig },
        factory: ({ config }) => (this.#inside.logger = createLogger({
          framework: framework(this.#require),
          require: this.#require,
          config,
          workspace,
          heard: (line) => this.#config.heard(line),
        })),
      }),
      rootHttpRouterServiceFactory({
        configure: ({ app, server, applyDefaults }) => {
          this.#port.giveTo(server);
          if (this.#given.app?.packageName) app.use('/static', packedApp(this.#require, this.#given.app));
          applyDefaults();
        },
      }),
    ];
  }
}

/** The parts of Backstage that the host itself uses, as the bundle has them. */
export function framework(require) {
  return {
    ...require('@backstage/backend-plugin-api'),
    ...require('@backstage/config-loader'),
    ...require('@backstage/backend-defaults'),
    ...require('@backstage/backend-defaults/auth'),
    ...require('@backstage/backend-defaults/rootHttpRouter'),
    ...require('@backstage/backend-defaults/rootLogger'),
  };
}

/** Whether an instance with this config starts the feature: the one that serves the web app, where there is one to serve. */
function isWanted(name, config) {
  return name !== '@backstage/plugin-app-backend' || config.app?.packageName !== undefined;
}

/** Loopback, unless the config asks for another address. */
function listenHost(config) {
  return config.backend?.listen?.host ?? '127.0.0.1';
}
