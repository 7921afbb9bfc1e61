import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import { Failure, describe } from './failure.mjs';
import { logError } from './log.mjs';

const NEWLINE = 0x0a;
/** A bound for a line, so that a client gone wrong cannot fill the memory. Configs are far below it. */
const MAX_LINE = 64 << 20;

/**
 * Listens on the control socket, in place of what an earlier process left there. Its mode is 0600 from the beginning.
 *
 * @param {string} path
 * @param {(request: object) => object | Promise<object>} handle what to answer; what it throws is the answer's error
 * @param {(answer: object) => void} answered called when an answer has left this process
 */
export async function listen(path, handle, answered) {
  await rm(path, { force: true });
  // Half open, because a client that has no more to ask still waits for its answers.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => serve(socket, handle, answered));
  const umask = process.umask(0o177);
  server.listen(path);
  process.umask(umask);
  await once(server, 'listening');
}

function serve(socket, handle, answered) {
  let pending = 0;
  let ended = false;
  const endWhenDone = () => ended && pending === 0 && socket.end();

  async function onLine(line) {
    pending++;
    const answer = await answerTo(line, handle);
    socket.write(`${JSON.stringify(answer)}\n`, (error) => error ?? answered(answer));
    pending--;
    endWhenDone();
  }

  socket.on('data', lineReader(onLine, () => {
    const error = new Failure('bad_request', `a line is longer than ${MAX_LINE} bytes`);
    socket.end(`${JSON.stringify({ id: null, ok: false, error })}\n`);
  }));
  socket.on('end', () => {
    ended = true;
    endWhenDone();
  });
  // The other side may go at any time, orbitd restarts for example. It concerns this connection only.
  socket.on('error', () => socket.destroy());
}

/** A consumer of chunks that calls `onLine` for each whole line, and `onTooLong` once instead, should one never end. */
function lineReader(onLine, onTooLong) {
  let parts = [];
  let size = 0;
  let broken = false;
  return (chunk) => {
    if (broken) return;
    let from = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, from)) >= 0; from = end + 1) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]);
      parts = [];
      size = 0;
      if (line.length > 0) onLine(line);
    }
    if (from === chunk.length) return;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > MAX_LINE) {
      broken = true;
      parts = [];
      onTooLong();
    }
  };
}

async function answerTo(line, handle) {
  let id = null;
  try {
    const request = parse(line);
    id = request.id ?? null;
    return { id, ok: true, ...(await handle(request)) };
  } catch (error) {
    if (error instanceof Failure) return { id, ok: false, error };
    logError('answer a request', error);
    return { id, ok: false, error: new Failure('bad_request', describe(error)) };
  }
}

function parse(line) {
  let request;
  try {
    request = JSON.parse(line.toString('utf8'));
  } catch {
    // The parser's own message quotes the line, and with it secrets.
    throw new Failure('bad_request', 'the line is not JSON');
  }
  if (!isObject(request)) throw new Failure('bad_request', 'the line is not a JSON object');
  return request;
}

/** Whether the value is an object in JSON's sense. */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
