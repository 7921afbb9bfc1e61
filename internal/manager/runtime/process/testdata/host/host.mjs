// A host without Backstage: it speaks the control protocol and serves one HTTP endpoint. What goes wrong is chosen by
// "fake" in the bundle's package.json (load) and in the config (boot, push, stop).
import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: args } = parseArgs({
  options: { bundle: { type: 'string' }, control: { type: 'string' }, workspace: { type: 'string' } },
});
const { load } = JSON.parse(readFileSync(join(args.bundle, 'package.json'), 'utf8')).fake ?? {};

let state = 'loading';
let port = 0;
let config = {};
let failure;
const connections = new Set();

console.log(`host of ${args.workspace} loads`);
if (load === 'exit') {
  console.error('it was not meant to be');
  process.exit(3);
}
if (load === 'memory') {
  for (const hoard = []; ; ) hoard.push(new Array(1000).fill({}));
}

function fail(code, plugin, message) {
  state = 'failed';
  failure = { code, plugin, message };
  console.error(message);
  return { ok: false, error: failure };
}

function serve() {
  return new Promise(resolve => {
    const http = createHttpServer((_, response) => response.end(JSON.stringify({ workspace: args.workspace, config })));
    http.listen(0, '127.0.0.1', () => resolve(http.address().port));
  });
}

const operations = {
  status: () => ({ ok: true, state, pid: process.pid, port, rss: process.memoryUsage.rss(), error: failure }),
  async start(request, connection) {
    if (state !== 'standby') return { ok: false, error: { code: 'wrong_state', message: `start in ${state}` } };
    state = 'starting';
    args.workspace = request.workspace;
    Object.assign(process.env, { HOME: request.home, TMPDIR: request.tmp });
    config = request.config;
    const { boot, lines = 0, child } = config.fake ?? {};
    for (let i = 0; i < lines; i++) console.log(`line ${i}`);
    writeFileSync(join(process.env.TMPDIR, 'scratch'), 'x');
    if (child) console.log(`child ${spawn('sleep', ['1000']).pid}`);
    if (boot === 'hang') return new Promise(() => {});
    if (boot === 'exit') process.exit(7);
    if (boot === 'fail') return fail('boot_failed', '@acme/plugin', 'Missing required config value at acme.token');
    if (boot === 'linger') {
      process.on('exit', () => {});
      setTimeout = () => {}; // never exits by itself
      return fail('boot_failed', undefined, 'it failed and stays');
    }
    if (boot === 'lose') connections.forEach(c => c.destroy());
    port = await serve();
    state = 'ready';
    return { ok: true, port };
  },
  config(request) {
    if (state !== 'ready') return { ok: false, error: { code: 'wrong_state', message: `config in ${state}` } };
    if (request.config.fake?.push === 'fail') return { ok: false, error: { code: 'push_failed', message: 'no' } };
    if (request.config.fake?.push === 'lose' && config.fake?.push !== 'lose') {
      config = request.config;
      connections.forEach(c => c.destroy());
    }
    config = request.config;
    return { ok: true, unseen: (request.looks ?? []).map(({ path }) => ({ path, why: 'there is no Backstage here' })) };
  },
  stop() {
    if (config.fake?.stop !== 'ignore') setTimeout(() => process.exit(0), 10);
    return { ok: true };
  },
};

const server = createServer(connection => {
  connections.add(connection);
  connection.on('error', () => {});
  connection.on('close', () => connections.delete(connection));
  const lines = createInterface(connection);
  lines.on('error', () => {}); // the connection's own, passed on
  lines.on('line', async line => {
    const request = JSON.parse(line);
    const answer = await operations[request.op](request, connection);
    if (!connection.destroyed) connection.write(`${JSON.stringify({ id: request.id, ...answer })}\n`);
    if (answer.error && answer.error === failure) setTimeout(() => process.exit(1), 50);
  });
});
server.listen(args.control, () => {
  chmodSync(args.control, 0o600);
  if (load === 'fail') fail('load_failed', '@acme/broken', 'Cannot find package @acme/broken');
  else if (load !== 'hang') state = 'standby';
});
process.on('SIGTERM', () => {
  if (config.fake?.stop !== 'ignore') process.exit(0);
});
