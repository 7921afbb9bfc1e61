// Runs the host as orbitd does, and speaks to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('../host.mjs', import.meta.url));
/** No single step of a test takes longer; a busy machine included. */
const DEADLINE_MS = 60_000;

/** A host process, ended with the test. */
export class Host {
  output = '';

  /** Starts a host on the bundle, its socket in the bundle's own folder. */
  static async start(t, bundle) {
    const host = new Host(t, bundle);
    t.after(() => host.kill());
    await host.#listening();
    return host;
  }

  constructor(t, bundle) {
    this.t = t;
    this.socket = join(bundle, 'control.sock');
    this.process = spawn(
      process.execPath,
      [HOST, '--bundle', bundle, '--control', this.socket, '--workspace', 'acme'],
      { cwd: bundle, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
    );
    this.pid = this.process.pid;
    this.ended = once(this.process, 'close');
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
  }

  /** A connection to the control socket, closed with the test. */
  async connect() {
    const socket = createConnection(this.socket);
    this.t.after(() => socket.destroy());
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** One request on a connection of its own. */
  async ask(request) {
    const connection = await this.connect();
    try {
      return await connection.ask(request);
    } finally {
      connection.socket.destroy();
    }
  }

  /** Waits until the host is no longer loading; its status then. */
  async loaded() {
    const connection = await this.connect();
    return until('the host has loaded', async () => {
      const status = await connection.ask({ op: 'status' });
      return status.state !== 'loading' && status;
    });
  }

  /** Waits for standby and starts Backstage; the answer. */
  async boot(config = {}, redact = []) {
    await this.loaded();
    return this.ask({ op: 'start', config: withBaseUrl(config), redact });
  }

  /** The exit code of the ended process, or the signal that ended it. */
  async exit() {
    const [code, signal] = await within(this.ended, 'the host ends');
    return code ?? signal;
  }

  /** Waits until the log contains the text. */
  async said(text) {
    const { promise, resolve } = Promise.withResolvers();
    const look = () => this.output.includes(text) && resolve();
    this.process.stdout.on('data', look);
    look();
    await within(promise, `the log says ${text}`);
  }

  /** The log's lines that are Backstage's own, parsed. */
  get lines() {
    return this.output.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
  }

  async kill() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }

  async #listening() {
    await until('the host listens', async () => {
      if (this.process.exitCode !== null) throw new Error(`the host ended:\n${this.output}`);
      return this.connect().catch(() => false);
    });
  }
}

/** Backstage asks for this much in any config. */
export function withBaseUrl(config) {
  return { ...config, backend: { baseUrl: 'http://acme.localhost:7007', ...config.backend } };
}

class Connection {
  #answers = new Map();
  #id = 0;

  constructor(socket) {
    this.socket = socket;
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      const answer = JSON.parse(line);
      this.#answers.get(answer.id)?.resolve(answer);
    });
    // A host that is killed resets its connections; those who wait for an answer hear of it by the close.
    for (const emitter of [socket, lines]) emitter.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#answers.values()) reject(new Error('the connection ended before the answer'));
    });
  }

  /** Sends a request; its answer, without the id. */
  async ask(request) {
    const id = ++this.#id;
    const { id: _, ...answer } = await this.send(id, JSON.stringify({ id, ...request }));
    return answer;
  }

  /** Sends a line as it is; the answer that has this id. */
  send(id, line) {
    const answer = Promise.withResolvers();
    this.#answers.set(id, answer);
    this.socket.write(`${line}\n`);
    return within(answer.promise, `an answer to ${line.slice(0, 80)}`);
  }
}

/** GET from the instance: status code and body. */
export async function get(port, path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  return { status: response.status, body: await response.text() };
}

/** Asks again until the answer is truthy. For what gives no signal: another process's socket and state. */
async function until(what, condition) {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const answer = await condition();
    if (answer) return answer;
    await pause(10);
  }
  throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
}

async function within(promise, what) {
  const late = new AbortController();
  const timeout = pause(DEADLINE_MS, null, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
  });
  timeout.catch(() => {});
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    late.abort();
  }
}
