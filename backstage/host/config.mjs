import { EventEmitter, on } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { Failure, describe } from './failure.mjs';
import { logError } from './log.mjs';

/** How long the listeners of a change may take. */
const LISTENERS_MS = 30_000;

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

  /** The root config of a Backstage that starts with `data`. To be called once. */
  async open(configLoader, data) {
    const opened = configLoader.ConfigSources.toConfig(this);
    this.#offer(data);
    const config = await opened;
    // Every config below the root subscribes through the root.
    const subscribe = config.subscribe.bind(config);
    config.subscribe = (listener) => subscribe(() => this.#runs.push(outcome(listener)));
    return config;
  }

  /**
   * Replaces the whole config and returns when its listeners have run. A config that compares equal is told to none.
   *
   * @throws {Failure} push_failed when a listener threw; the config is the new one nevertheless
   */
  async push(data) {
    const deadline = new AbortController();
    const late = after(LISTENERS_MS, ['they took too long'], { signal: deadline.signal, ref: false });
    const taken = this.#offer(data).then(() => Promise.all(this.#runs.splice(0)));
    try {
      const errors = (await Promise.race([taken, late])).filter(Boolean);
      if (errors.length > 0) {
        throw new Failure('push_failed', `listeners of the config failed: ${errors.join('; ')}`);
      }
    } finally {
      deadline.abort();
      late.catch(() => {});
    }
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
}

/** Runs a listener; what went wrong in words, undefined when it went well. */
async function outcome(listener) {
  try {
    await listener();
    return undefined;
  } catch (error) {
    logError('a listener of the config failed', error);
    return describe(error);
  }
}
