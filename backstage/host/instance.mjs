import { createRequire, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setImmediate as answersLeave } from 'node:timers/promises';
import { Backend, framework } from './backend.mjs';
import { Failure, describe } from './failure.mjs';
import { loadFeatures } from './features.mjs';
import { logError } from './log.mjs';

/** How long a stop may take when nobody says otherwise. */
const GRACE_MS = 10_000;
/** How long a failure waits to be asked for. */
const TELL_MS = 10_000;
/** How long after it is ready the process writes its compile cache, which holds the thread for a moment. */
const FLUSH_MS = 2_000;
/** How long the process stays after its failure was told, for others that are just asking. */
const LINGER_MS = 100;

/**
 * The life of this process, as the control protocol has it:
 *
 *     loading ──▶ standby ──start──▶ starting ──▶ ready ──config──▶ ready
 *        │                              │
 *        └──────────▶ failed ◀──────────┘            any ──stop──▶ stopping
 */
export class Instance {
  #bundle;
  #workspace;
  #redaction;
  #exit;
  #state = 'loading';
  #backend;
  #port = 0;
  #failure;
  #starting;
  #pushes = Promise.resolve();

  /** `exit(code)` ends the process. */
  constructor({ bundle, workspace, redaction, exit }) {
    this.#bundle = bundle;
    this.#workspace = workspace;
    this.#redaction = redaction;
    this.#exit = exit;
  }

  /** Loads Backstage and the features, up to standby. A failure shows in the status. */
  async load() {
    try {
      const require = createRequire(join(this.#bundle, 'package.json'));
      loadFramework(require);
      const loaded = await loadFeatures(this.#bundle, require);
      if (this.#state !== 'loading') return;
      this.#backend = new Backend({ require, ...loaded });
      this.#state = 'standby';
    } catch (error) {
      this.#fail(error instanceof Failure ? error : new Failure('load_failed', describe(error)));
    }
  }

  /** What the status request answers. */
  status() {
    return {
      state: this.#state,
      workspace: this.#workspace,
      pid: process.pid,
      port: this.#port,
      rss: process.memoryUsage.rss(),
      node: process.version,
      error: this.#failure,
    };
  }

  /** Starts Backstage; returns when it is ready. What `place` does not name stays as the process was started with. */
  async start(config, redact, { workspace = this.#workspace, home, tmp } = {}) {
    this.#require('standby', 'start');
    this.#redaction.add(redact);
    this.#state = 'starting';
    this.#workspace = workspace;
    try {
      settle(home, tmp);
      this.#starting = this.#backend.start(config, workspace);
      const port = await this.#starting;
      if (this.#state === 'starting') {
        this.#port = port;
        this.#state = 'ready';
        // By itself Node writes it when it exits, and so never for a process that is killed.
        setTimeout(flushCompileCache, FLUSH_MS).unref();
      }
      return { port };
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Gives the running Backstage its new config and looks for the effect; one after the other, in the order asked for. */
  async push(config, redact, looks) {
    this.#require('ready', 'take a config');
    this.#redaction.add(redact);
    const push = this.#pushes.then(() => this.#backend.push(config, looks));
    this.#pushes = push.catch(() => {});
    try {
      const unseen = await push;
      return unseen.length > 0 ? { unseen: unseen.map(({ path, why }) => ({ path, why: this.#redaction.mask(why) })) } : {};
    } catch (error) {
      throw this.#masked(error);
    }
  }

  /**
   * Ends Backstage and then the process: with code 0, or 1 when the grace ran out. Asked again, it takes no longer than
   * the shortest grace allows.
   */
  stop(graceMs = GRACE_MS) {
    if (this.#state === 'failed') this.#exit(1);
    setTimeout(() => this.#exit(1), graceMs);
    if (this.#state === 'stopping') return;
    this.#state = 'stopping';
    this.#stopBackstage().then(
      () => this.#exit(0),
      (error) => {
        logError('stop Backstage', error);
        this.#exit(1);
      },
    );
  }

  /** To be called when an answer has left: a failure that was told is the end of the process. */
  told(answer) {
    if (this.#failure && answer.error === this.#failure) setTimeout(() => this.#exit(1), LINGER_MS);
  }

  async #stopBackstage() {
    await this.#backend?.stop();
    // Whoever asked for the start is to hear of its end.
    await this.#starting?.catch(() => {});
    await answersLeave();
  }

  #fail(failure) {
    if (this.#state === 'stopping') return failure;
    this.#state = 'failed';
    this.#failure = this.#masked(failure);
    logError(`${failure.code}: ${failure.message}`);
    setTimeout(() => this.#exit(1), TELL_MS);
    return failure;
  }

  /** Messages of Backstage can quote the config. */
  #masked(failure) {
    failure.message = this.#redaction.mask(failure.message);
    return failure;
  }

  #require(state, what) {
    if (this.#state !== state) {
      throw new Failure('wrong_state', `cannot ${what}: the state is ${this.#state}, not ${state}`);
    }
  }
}

/** Makes these folders the process's own. */
function settle(home, tmp) {
  if (tmp) process.env.TMPDIR = tmp;
  if (home) {
    process.env.HOME = home;
    process.chdir(home);
  }
}

function loadFramework(require) {
  try {
    framework(require);
  } catch (error) {
    throw new Failure('load_failed', `load Backstage itself: ${describe(error)}`);
  }
}
