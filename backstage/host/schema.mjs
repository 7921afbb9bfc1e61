// Prints the config schemas of a bundle, or those of packages that are not installed. PROTOCOL.md describes it.
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describe } from './failure.mjs';
import { checkSchemaFile, manifestOf, packagesWithSchema } from './packages.mjs';

function readArguments() {
  const { values } = parseArgs({ options: { bundle: { type: 'string' }, package: { type: 'string', multiple: true } } });
  if (!values.bundle) throw new Error('--bundle is missing');
  return { bundle: resolve(values.bundle), folders: values.package?.map((folder) => resolve(folder)) };
}

/** The schemas of the bundle's features, of backend-defaults, and of all that they depend on. */
async function ofBundle(bundle, load) {
  const features = (await manifestOf(bundle)).orbit?.features;
  if (!Array.isArray(features)) throw new Error(`${join(bundle, 'package.json')} lists no orbit.features`);
  process.chdir(bundle); // paths in the schemas are relative to it
  return read(await packagesWithSchema(bundle, [...features, '@backstage/backend-defaults']), load);
}

/**
 * The schemas of packages that lie anywhere, without those of their dependencies. They are read beside the bundle's
 * node_modules, so that the types which they import from Backstage are found.
 */
async function ofFolders(bundle, folders, load) {
  const place = await mkdtemp(join(await realpath(tmpdir()), 'orbit-schema-'));
  try {
    await symlink(join(bundle, 'node_modules'), join(place, 'node_modules'));
    await mkdir(join(place, 'packages'));
    process.chdir(place);
    const packages = [];
    for (const [index, source] of folders.entries()) {
      const { name, configSchema } = await manifestOf(source);
      const folder = join(place, 'packages', String(index));
      await symlink(source, folder);
      if (configSchema !== undefined) packages.push({ name: name ?? source, folder });
    }
    return await read(packages, load);
  } finally {
    process.chdir(bundle);
    await rm(place, { recursive: true, force: true });
  }
}

/** Reads the schemas; what is wrong with one package's goes to `errors` and does not keep the others from being read. */
async function read(packages, load) {
  const errors = [];
  const readable = [];
  for (const { name, folder } of packages) {
    try {
      await checkSchemaFile(folder);
      readable.push({ name, folder });
    } catch (error) {
      errors.push({ packageName: name, message: describe(error) });
    }
  }
  const schemas = await halving(readable, load, errors);
  // config-loader reads files side by side, and gives them in the order in which they arrive.
  schemas.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { schemas, errors };
}

/**
 * All at once, which is a second where one by one is a second each. Where config-loader gives up because of one of them,
 * the two halves; where a half is a single package, that is the one.
 */
async function halving(packages, load, errors) {
  if (packages.length === 0) return [];
  const complaints = new Map(); // config-loader can make one twice
  try {
    const schema = await load({
      dependencies: [],
      packagePaths: packages.map(({ folder }) => join(folder, 'package.json')),
      excludePackageDependencies: true,
      onSchemaError: ({ source, cause }) => {
        complaints.set(`${source}: ${cause.message}`, { packageName: source, message: describe(cause) });
      },
    });
    errors.push(...complaints.values());
    return schema.serialize().schemas;
  } catch (error) {
    if (packages.length === 1) {
      errors.push({ packageName: packages[0].name, message: describe(error.cause ?? error) });
      return [];
    }
    const middle = packages.length >> 1;
    return [
      ...await halving(packages.slice(0, middle), load, errors),
      ...await halving(packages.slice(middle), load, errors),
    ];
  }
}

try {
  const { bundle, folders } = readArguments();
  const { loadConfigSchema } = createRequire(join(bundle, 'package.json'))('@backstage/config-loader');
  const result = await (folders ? ofFolders(bundle, folders, loadConfigSchema) : ofBundle(bundle, loadConfigSchema));
  process.stdout.write(`${JSON.stringify({ ...result, backstageConfigSchemaVersion: 1 })}\n`);
} catch (error) {
  console.error(`schema: ${describe(error).replaceAll(/\s+/g, ' ')}`);
  process.exitCode = 1;
}
