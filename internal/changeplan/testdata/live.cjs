// Holds what the live table says against the packages that listen: node live.cjs NODE_MODULES proxy|catalog|logger.
// Prints what was observed as JSON.
const path = require('node:path');
const http = require('node:http');
const load = name => require(path.join(path.resolve(process.argv[2]), name));
const { ConfigSources, MutableConfigSource } = load('@backstage/config-loader');

// push gives a running config its next state and returns when its listeners have run.
async function running(data) {
  const source = MutableConfigSource.create({ data });
  const config = await ConfigSources.toConfig(source);
  let wake;
  const push = next => new Promise(resolve => {
    wake = resolve;
    source.setData({ ...next, tick: push.silent ? push.count : ++push.count });
    if (push.silent) setTimeout(resolve, 50); // a push that nobody is told of has no signal
  });
  push.count = 0;
  return { config, push, last: () => config.subscribe(() => wake?.()) };
}

async function proxy() {
  const { createRouter } = load('@backstage/plugin-proxy-backend/dist/service/router.cjs.js');
  const express = load('express');
  const listen = handler => new Promise(resolve => {
    const server = http.createServer(handler).listen(0, '127.0.0.1', () => resolve(server));
  });
  const [a, b] = await Promise.all(['a', 'b'].map(name => listen((_, answer) => answer.end(name))));
  const url = server => `http://127.0.0.1:${server.address().port}`;
  const { config, push, last } = await running({ x: 1 });
  const policies = [];
  const app = express();
  const logger = { info() {}, debug() {}, warn() {}, error() {} };
  await createRouter({
    config, logger, httpAuthService: { credentials: async () => ({}) },
    httpRouterService: { use: router => app.use('/api/proxy', router), addAuthPolicy: policy => policies.push(policy.path) },
  });
  last();
  const server = await listen(app);
  const get = route => new Promise((resolve, reject) => {
    http.get(`${url(server)}/api/proxy${route}`, { agent: false }, answer => {
      let body = '';
      answer.on('data', chunk => (body += chunk)).on('end', () => resolve(answer.statusCode === 200 ? body : answer.statusCode));
    }).on('error', reject);
  });
  const endpoints = e => ({ proxy: { endpoints: e } });
  const seen = { unset: await get('/r/s') };
  await push(endpoints({ '/r': url(a), '/r/s': url(b) }));
  seen.added = await get('/r/s');
  push.silent = true;
  const reordered = { '/r/s': url(b), '/r': url(a) };
  await push(endpoints(reordered));
  seen.reordered = await get('/r/s');
  push.silent = false;
  await push(endpoints({ '/r': url(b) }));
  seen.changed = await get('/r/s');
  await push({});
  seen.removed = await get('/r/s');
  await push({ proxy: { '/r': url(a) } });
  seen.deprecated = await get('/r');
  await push(endpoints({ '/o': { target: url(a), credentials: 'dangerously-allow-unauthenticated' } }));
  await push(endpoints({ '/o': { target: url(a) } }));
  seen.openAfterClosing = policies;
  await push(endpoints({ '/w': { target: url(a), ws: true } }));
  await get('/w');
  await push({});
  seen.websocketsAfterRemoval = server.listenerCount('upgrade');
  console.error = () => {};
  await push(endpoints({ '/bad': { target: 'nowhere' }, '/good': url(a) }));
  seen.goodAfterBad = await get('/good');
  return seen;
}

async function catalog() {
  const { ConfigLocationEntityProvider } = load('@backstage/plugin-catalog-backend/dist/providers/ConfigLocationEntityProvider.cjs.js');
  const { config, push, last } = await running({ x: 1 });
  const seen = [];
  await new ConfigLocationEntityProvider(config).connect({
    applyMutation: async m => seen.push(m.entities.map(e => `${e.entity.spec.type}:${e.entity.spec.target}`)),
  });
  last();
  const locations = (...list) => ({ catalog: { locations: list } });
  await push(locations({ type: 'url', target: 'a' }));
  await push(locations({ type: 'url', target: 'a', rules: [{ allow: ['User'] }] }));
  await push(locations({ type: 'url', target: 'a' }, { type: 'url', target: 'b' }));
  await push({});
  return seen;
}

async function logger() {
  const { rootLoggerServiceFactory } = load('@backstage/backend-defaults/dist/entrypoints/rootLogger/rootLoggerServiceFactory.cjs.js');
  const { config, push, last } = await running({ backend: { logger: { level: 'info' } } });
  process.chdir(path.dirname(path.resolve(process.argv[2])));
  const log = await rootLoggerServiceFactory.factory({ config });
  last();
  const lines = [];
  const write = process.stdout.write.bind(process.stdout);
  const says = async text => {
    process.stdout.write = chunk => (lines.push(String(chunk)), true);
    console._stdout.write = process.stdout.write;
    log.debug(text);
    process.stdout.write = write;
    return lines.some(line => line.includes(text));
  };
  const seen = { before: await says('one') };
  await push({ backend: { logger: { level: 'info', overrides: [{ level: 'debug', matchers: { service: 'backstage' } }] } } });
  seen.override = await says('two');
  await push({ backend: { logger: { level: 'debug' } } });
  seen.level = await says('three');
  return seen;
}

({ proxy, catalog, logger })[process.argv[3]]().then(
  seen => process.stdout.write(JSON.stringify(seen), () => process.exit(0)),
  error => { console.error(error); process.exit(1); },
);
