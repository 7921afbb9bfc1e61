import { readFile, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

/** Dependencies that may bring a schema: those that config-loader looks at. */
const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** The package.json of the package in the folder. */
export async function manifestOf(folder) {
  const path = join(folder, 'package.json');
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`read ${path}`, { cause });
  }
}

/**
 * The packages that a bundle's config-loader would ask for a schema: the named ones and all they depend on, each version
 * once. A package that neither has a schema nor depends on Backstage ends the search.
 *
 * @returns {Promise<{name: string, folder: string}[]>} those that have a schema, in the order in which they are found
 */
export async function packagesWithSchema(bundle, names) {
  const seen = new Set();
  const found = [];
  let next = names.map((name) => ({ name, from: bundle }));
  while (next.length > 0) {
    const level = next;
    next = [];
    for (const { name, from } of level) {
      const folder = folderOf(name, from);
      if (!folder || seen.has(folder)) continue;
      seen.add(folder);
      const manifest = await manifestOf(folder);
      const version = `${manifest.name}@${manifest.version}`;
      if (seen.has(version)) continue;
      seen.add(version);
      const dependencies = DEPENDENCIES.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
      const hasSchema = 'configSchema' in manifest;
      if (hasSchema) found.push({ name: manifest.name, folder });
      if (!hasSchema && !dependencies.some((dependency) => dependency.startsWith('@backstage/'))) continue;
      next.push(...dependencies.map((dependency) => ({ name: dependency, from: folder })));
    }
  }
  return found;
}

/** Where a package is installed as seen from a folder; undefined where it is not, or keeps its package.json private. */
function folderOf(name, from) {
  try {
    return dirname(createRequire(join(from, 'package.json')).resolve(`${name}/package.json`));
  } catch {
    return undefined; // optional, a dependency of development, or a package without package.json among its exports
  }
}

/**
 * Makes sure that the schema is a file of the package's own, since what it says is printed.
 *
 * @throws when it is not there, or leads out of the package
 */
export async function checkSchemaFile(folder) {
  const { configSchema } = await manifestOf(folder);
  if (typeof configSchema !== 'string') return;
  const home = await realpath(folder);
  const file = await realpath(join(folder, configSchema)).catch(() => undefined);
  if (!file) throw new Error(`the package has no file ${configSchema}, which it names as its schema`);
  if (!file.startsWith(home + sep)) throw new Error(`the schema ${configSchema} is no file of the package`);
}
