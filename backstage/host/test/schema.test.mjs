import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RELEASE, makeBundle, skip } from './bundle.mjs';

const PROGRAM = fileURLToPath(new URL('../schema.mjs', import.meta.url));

suite('the config schemas', { skip, concurrency: 2 }, () => {
  test('of a release are those that Backstage itself would load', async () => {
    const require = createRequire(join(RELEASE, 'package.json'));
    const features = require(join(RELEASE, 'package.json')).orbit.features;
    const before = process.cwd();
    process.chdir(RELEASE);
    const theirs = (await require('@backstage/config-loader').loadConfigSchema({
      dependencies: [...features, '@backstage/backend-defaults'],
    })).serialize();
    process.chdir(before);

    const { schemas, errors, backstageConfigSchemaVersion } = await extract('--bundle', RELEASE);
    assert.deepEqual(errors, []);
    assert.equal(backstageConfigSchemaVersion, theirs.backstageConfigSchemaVersion);
    assert.deepEqual(byPath(schemas), byPath(theirs.schemas));
  });

  test('of a bundle include those of its plugins and of what they depend on', async (t) => {
    const bundle = await makeBundle(t, { plugin: '', common: '', stranger: '' }, {
      plugin: { configSchema: mapping('mine'), dependencies: { common: '1', '@backstage/types': '1', stranger: '1' } },
      common: { configSchema: 'schema.json' },
      // It depends on nothing of Backstage and has no schema: the search ends here.
      stranger: { dependencies: { beyond: '1' } },
    });
    await writeFile(join(bundle, 'node_modules/common/schema.json'), JSON.stringify(mapping('common')));
    const { schemas, errors } = await extract('--bundle', bundle);
    assert.deepEqual(errors, []);
    const own = schemas.filter(({ packageName }) => !packageName.startsWith('@backstage/'));
    assert.deepEqual(own.map(({ packageName, value }) => [packageName, Object.keys(value.properties)]),
      [['common', ['common']], ['plugin', ['mine']]]);
    assert.ok(schemas.some(({ packageName }) => packageName === '@backstage/backend-defaults'));
  });

  test('of packages that are not installed are theirs alone', async (t) => {
    const json = await makePackage(t, { name: 'json', configSchema: mapping('json') });
    const types = await makePackage(t, { name: 'types', configSchema: 'config.d.ts' }, {
      'config.d.ts': `export interface Config {
        /** @visibility secret */
        key: string;
        mode?: 'a' | 'b';
      }`,
    });
    const none = await makePackage(t, { name: 'none' });
    const { schemas, errors } = await extract('--bundle', RELEASE, '--package', json, '--package', types, '--package', none);
    assert.deepEqual(errors, []);
    assert.deepEqual(schemas.map(({ packageName }) => packageName), ['json', 'types']);
    const { properties, required } = schemas[1].value;
    assert.equal(properties.key.visibility, 'secret');
    assert.deepEqual(properties.mode.enum, ['a', 'b']);
    assert.deepEqual(required, ['key']);
  });

  test('use the types of the bundle, and stand in for those that are nowhere', async (t) => {
    const folder = await makePackage(t, { name: 'importing', configSchema: 'config.d.ts' }, {
      'config.d.ts': `import { SchedulerServiceTaskScheduleDefinitionConfig } from '@backstage/backend-plugin-api';
        import { Nowhere } from 'a-package-that-is-nowhere';
        export interface Config {
          importing?: { schedule?: SchedulerServiceTaskScheduleDefinitionConfig; nowhere?: Nowhere; name: string };
        }`,
    });
    const { schemas, errors } = await extract('--bundle', RELEASE, '--package', folder);
    const { properties } = schemas[0].value.properties.importing;
    assert.ok(properties.schedule.properties.frequency, JSON.stringify(properties.schedule));
    assert.deepEqual(properties.nowhere, {});
    assert.equal(properties.name.type, 'string');
    assert.equal(errors.length, 1);
    assert.equal(errors[0].packageName, 'importing');
    assert.match(errors[0].message, /config\.d\.ts.*a-package-that-is-nowhere/);
  });

  test('of one package that cannot be read do not keep others from being read', async (t) => {
    const bad = {
      'no-config': [{ configSchema: 'config.d.ts' }, { 'config.d.ts': 'export interface Other { a: string }' }],
      'not-there': [{ configSchema: 'schema.json' }],
      'not-json': [{ configSchema: 'schema.json' }, { 'schema.json': 'no' }],
      'not-a-schema': [{ configSchema: { type: 'nonsense' } }],
      'another-form': [{ configSchema: 'schema.yaml' }, { 'schema.yaml': 'type: object' }],
      outside: [{ configSchema: '../stolen.json' }],
    };
    const folders = [await makePackage(t, { name: 'good', configSchema: mapping('good') })];
    for (const [name, [manifest, files]] of Object.entries(bad)) {
      folders.push(await makePackage(t, { name, ...manifest }, files));
    }
    await writeFile(join(dirname(folders.at(-1)), 'stolen.json'), '{"description":"of somebody else"}');
    const { schemas, errors } = await extract('--bundle', RELEASE, ...folders.flatMap((folder) => ['--package', folder]));
    assert.deepEqual(schemas.map(({ packageName }) => packageName), ['good']);
    assert.deepEqual(errors.map(({ packageName }) => packageName).sort(), Object.keys(bad).sort());
    assert.ok(!JSON.stringify(errors).includes('of somebody else'));
  });

  test('come from no code of the packages, and leave no files behind', async (t) => {
    const main = 'throw new Error("it was run")';
    const manifest = { name: 'hostile', main: 'index.js', configSchema: 'config.d.ts', scripts: { preinstall: 'exit 1' } };
    const files = { 'index.js': main, 'config.d.ts': 'export interface Config { a?: string }', 'config.js': main };
    const folder = await makePackage(t, manifest, files);
    const TMPDIR = dirname(folder);
    const before = await readdir(TMPDIR);
    const { schemas, errors } = await extract('--bundle', RELEASE, '--package', folder, { TMPDIR });
    assert.deepEqual(errors, []);
    assert.equal(schemas.length, 1);
    assert.deepEqual(await readdir(TMPDIR), before);
  });

  test('that cannot be had are one line on stderr and a code', async (t) => {
    for (const args of [[], ['--bundle', '/nowhere'], ['--bundle', RELEASE, '--package', '/nowhere'], ['--other']]) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 1, `${args}`);
      assert.equal(stdout, '');
      assert.match(stderr, /^schema: .+\n$/, `${args}`);
    }
  });
});

const byPath = (schemas) => Object.fromEntries(schemas.map(({ path, packageName, value }) => [path, { packageName, value }]));

/** A schema that says that the key is a string. */
const mapping = (key) => ({ type: 'object', properties: { [key]: { type: 'string' } } });

/** A package in a temporary folder of its own, as it is after its tarball was extracted. */
async function makePackage(t, manifest, files = {}) {
  const home = await mkdtemp(join(tmpdir(), 'orbit-package-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, 'package');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version: '1.0.0', ...manifest }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** What the program prints; a last argument that is an object has variables of its environment. */
async function extract(...args) {
  const env = typeof args.at(-1) === 'object' ? args.pop() : {};
  const { code, stdout, stderr } = await run(args, env);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

function run(args, env = {}) {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 << 20, timeout: 120_000 };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}
