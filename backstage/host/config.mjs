import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, on } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { Failure, describe } from './failure.mjs';
import { logError } from './log.mjs';

/** How long the listeners of a change may take. */
const LISTENERS_MS = 30_000;
/** How many of their errors are kept. What a listener leaves running can log for as long as the process lives. */
const MAX_ERRORS = 10;

/**
 * Backstage's config, fed from memory.
 *
 * It is a ConfigSource of @backstage/config-loader whose push also tells when, and how, the change was taken in. (The
 * loader's own MutableConfigSource does not, and the config swallows what its listeners throw.)
 */
export class PushedConfig {
  #offers = new EventEmitter();
  #offered = on(this.#offers, 'offer');
  #runs = [];
  // What the listeners of the newest push say of their failures, and, in whatever they call, where to say it.
  #errors = [];
  #listening = new AsyncLocalStorage();

  /** The root config of a Backstage that starts with `data`. To be called once. */
  async open(configLoader, data) {
    const opened = configLoader.ConfigSources.toConfig(this);
    this.#offer(data);
    const config = await opened;
    // Every config below the root subscribes through the root.
    const subscribe = config.subscribe.bind(config);
    config.subscribe = (listener) => subscribe(() => this.#runs.push(this.#run(listener)));
    return config;
  }

  /** To be told of each line of the log: a listener that catches its own error logs it. */
  heard({ level, message }) {
    const errors = this.#listening.getStore();
    if (level === 'error' && errors?.length < MAX_ERRORS) errors.push(String(message));
  }

  /**
   * Replaces the whole config and returns when its listeners have run. A config that compares equal is told to none.
   *
   * @returns {Promise<{wentWell: () => void}>} `wentWell` throws as push does, for what failed since
   * @throws {Failure} push_failed when a listener threw or logged an error; the config is the new one nevertheless
   */
  async push(data) {
    const errors = (this.#errors = []);
    const wentWell = () => {
      if (errors.length > 0) throw new Failure('push_failed', `listeners of the config failed: ${errors.join('; ')}`);
    };
    const deadline = new AbortController();
    const late = after(LISTENERS_MS, null, { signal: deadline.signal, ref: false })
      .then(() => errors.push('they took too long'), () => {});
    const taken = this.#offer(data).then(() => Promise.all(this.#runs.splice(0)));
    await Promise.race([taken, late]);
    deadline.abort();
    wentWell();
    return { wentWell };
  }

  /** Backstage asks for the next config when all listeners of the one before have been called. */
  async *readConfigData() {
    for await (const [{ data, taken }] of this.#offered) {
      yield { configs: [{ data, context: 'app-config' }] };
      taken();
    }
  }

  #offer(data) {
    return new Promise((taken) => this.#offers.emit('offer', { data, taken }));
  }

  /** Runs a listener and notes what goes wrong, now or in what it leaves running. */
  async #run(listener) {
    const errors = this.#errors;
    try {
      await this.#listening.run(errors, listener);
    } catch (error) {
      logError('a listener of the config failed', error);
      errors.push(describe(error));
    }
  }
}
