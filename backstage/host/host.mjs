// The process of one Backstage instance: loads a bundle, stands by, and does what orbitd says over the control socket.
// PROTOCOL.md describes it.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isObject, listen } from './control.mjs';
import { Failure, describe } from './failure.mjs';
import { Instance } from './instance.mjs';
import { Redaction } from './redaction.mjs';

/** What Linux has room for in the address of a Unix socket. */
const MAX_SOCKET_PATH = 107;
/** The longest that a timer waits: 24 days. */
const MAX_GRACE_MS = 2 ** 31 - 1;

function readArguments() {
  const names = ['bundle', 'control', 'workspace'];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
  for (const name of names) {
    if (!values[name]) throw new Error(`--${name} is missing`);
  }
  if (Buffer.byteLength(values.control) > MAX_SOCKET_PATH) {
    throw new Error(`--control is longer than the ${MAX_SOCKET_PATH} bytes that a socket's path may have`);
  }
  return values;
}

function dispatch(request, instance) {
  switch (request.op) {
    case 'status':
      return instance.status();
    case 'start':
      return instance.start(...configOf(request), placeOf(request));
    case 'config':
      return instance.push(...configOf(request), looksOf(request));
    case 'stop':
      return stop(request, instance);
    default:
      throw new Failure('bad_request', `unknown op ${JSON.stringify(request.op)}`);
  }
}

function configOf({ config, redact = [] }) {
  if (!isObject(config)) throw new Failure('bad_request', 'config is not an object');
  if (!Array.isArray(redact) || !redact.every((value) => typeof value === 'string')) {
    throw new Failure('bad_request', 'redact is not a list of strings');
  }
  return [config, redact];
}

/** Whose process it is from now on, where it stood by for nobody, and where its files go. */
function placeOf(request) {
  const place = {};
  for (const name of ['workspace', 'home', 'tmp']) {
    const value = request[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value === '') throw new Failure('bad_request', `${name} is not a name`);
    place[name] = value;
  }
  return place;
}

function looksOf({ looks = [] }) {
  if (!Array.isArray(looks) || !looks.every(isLook)) throw new Failure('bad_request', 'looks is not a list of looks');
  return looks;
}

function isLook(look) {
  return isObject(look) && typeof look.path === 'string' && Number.isInteger(look.withinMs) && look.withinMs >= 0;
}

function stop({ graceMs }, instance) {
  if (graceMs !== undefined && !(Number.isInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_GRACE_MS)) {
    throw new Failure('bad_request', `graceMs is not a whole number from 0 to ${MAX_GRACE_MS}`);
  }
  // After the answer, which a stop that takes no time would otherwise overtake.
  setImmediate(() => instance.stop(graceMs));
  return {};
}

async function main() {
  const { bundle, control, workspace } = readArguments();

  // Whatever Backstage writes is for this user alone.
  process.umask(0o077);
  // Backstage and its dependencies look at it while they are loaded.
  process.env.NODE_ENV = 'production';

  const redaction = new Redaction();
  redaction.guard(process.stdout);
  redaction.guard(process.stderr);
  process.on('exit', () => rmSync(control, { force: true }));

  const instance = new Instance({ bundle, workspace, redaction, exit: (code) => process.exit(code) });
  process.on('SIGTERM', () => instance.stop());
  process.on('SIGINT', () => instance.stop());

  await listen(control, (request) => dispatch(request, instance), (answer) => instance.told(answer));
  await instance.load();
}

try {
  await main();
} catch (error) {
  console.error(`host: ${describe(error)}`);
  process.exit(2);
}
