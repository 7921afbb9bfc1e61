import { createRequire } from 'node:module';
import { PushedConfig } from './config.mjs';
import { Failure, bootFailure } from './failure.mjs';
import { ReservedPort, ready } from './port.mjs';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'];

/**
 * One Backstage backend. It differs from a plain `createBackend()` in three services: the config comes from memory, the
 * log is JSON and knows nothing of schemas, and the listening port is reserved beforehand.
 */
export class Backend {
  #require;
  #features;
  #owners;
  #tasks;
  #config = new PushedConfig();
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
      const rootConfig = await this.#config.open(framework(this.#require), this.#withPort(config));
      for (const service of this.#services(rootConfig, workspace)) this.#backend.add(service);
      for (const feature of this.#features) this.#backend.add(feature);
      await this.#backend.start();
      if (this.#stopped) throw new Failure('wrong_state', 'stopped while Backstage was starting');
      await ready(this.#port);
    } catch (error) {
      throw bootFailure(error, this.#owners);
    }
    return this.#port.number;
  }

  /**
   * Gives the running Backstage its whole new config.
   *
   * @throws {Failure} push_failed
   */
  push(config) {
    return this.#config.push(this.#withPort(config));
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
      createServiceFactory({ service: coreServices.rootConfig, deps: {}, factory: () => rootConfig }),
      createServiceFactory({
        service: coreServices.rootLogger,
        deps: { config: coreServices.rootConfig },
        factory: ({ config }) => createLogger(this.#require, config, workspace),
      }),
      rootHttpRouterServiceFactory({
        configure: ({ server, applyDefaults }) => {
          this.#port.giveTo(server);
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
    ...require('@backstage/backend-defaults/rootHttpRouter'),
    ...require('@backstage/backend-defaults/rootLogger'),
  };
}

/** Loopback, unless the config asks for another address. */
function listenHost(config) {
  return config.backend?.listen?.host ?? '127.0.0.1';
}

/** Backstage's logger with one JSON object per line; level, meta and overrides are configured as ever. */
function createLogger(require, config, workspace) {
  const { WinstonLogger } = framework(require);
  // Not a dependency of the bundle's own, so it is found from the package that has it.
  const winston = createRequire(require.resolve('@backstage/backend-defaults'))('winston');
  const logger = WinstonLogger.create({
    meta: { service: 'backstage', ...config.getOptional('backend.logger.meta'), workspace },
    level: config.getOptionalString('backend.logger.level') ?? 'info',
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Console()],
  });
  const override = () => logger.setLevelOverrides(levelOverrides(config));
  override();
  config.subscribe(override);
  return logger;
}

function levelOverrides(config) {
  const entries = config.getOptionalConfigArray('backend.logger.overrides') ?? [];
  return entries.map((entry, i) => {
    const level = entry.getString('level');
    if (!LOG_LEVELS.includes(level)) {
      throw new Error(`backend.logger.overrides[${i}].level is ${level}, not one of ${LOG_LEVELS.join(', ')}`);
    }
    return { level, matchers: entry.getConfig('matchers').get() };
  });
}
