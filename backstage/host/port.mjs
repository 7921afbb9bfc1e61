import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from './failure.mjs';

/** How long a Backstage that says it has started may take to answer that it is ready. */
const READY_MS = 10_000;
/** How long one answer to that may take. */
const ANSWER_MS = 1000;

/**
 * A free port that stays taken until a server of this process listens on it: choosing one and giving it back would
 * lose it to whatever else opens ports on the machine.
 */
export class ReservedPort {
  #holder;

  static async on(host) {
    const holder = net.createServer((socket) => socket.destroy());
    holder.listen(0, host);
    await once(holder, 'listening');
    return new ReservedPort(holder, host);
  }

  constructor(holder, host) {
    this.#holder = holder;
    this.host = host;
    this.number = holder.address().port;
  }

  /** Makes the server take over the reserved port, whatever it is told to listen on. */
  giveTo(server) {
    const listen = server.listen.bind(server);
    server.listen = (...args) => listen(this.#holder, args.at(-1));
  }
}

/**
 * Returns when Backstage answers its readiness check with 200.
 *
 * @throws {Failure} boot_failed
 */
export async function ready({ host, number }) {
  const deadline = Date.now() + READY_MS;
  let answer = 'nothing';
  do {
    answer = await statusOf({ host, number }, '/.backstage/health/v1/readiness', ANSWER_MS);
    if (answer === 200) return;
    await pause(20);
  } while (Date.now() < deadline);
  throw new Failure('boot_failed', `Backstage started, but its readiness check answers ${answer}`);
}

/** The status that a GET of the path answers with, or in words why there is no answer in that time. */
export function statusOf({ host, number: port }, path, timeout, headers = {}) {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path, headers, agent: false, timeout }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy(new Error(`nothing within ${timeout} ms`)));
    request.on('error', (error) => resolve(error.message));
  });
}
