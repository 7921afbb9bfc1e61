// Builds the app in the working folder with Backstage's own build: node build.cjs. What goes wrong is on stderr, in the
// compiler's words, and the exit code is 1.
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const fromPackage = createRequire(join(process.cwd(), 'package.json'));
const ofBackstage = createRequire(fromPackage.resolve('@backstage/cli-module-build/package.json'));

// Backstage's build always makes source maps: four fifths of what it writes, and of no use to those who open the portal.
// It has no option for that, so the bundler is given its configuration without them.
const core = ofBackstage('@rspack/core');
const { rspack } = core;
const build = (configs, ...rest) => {
  guardPlugins();
  return rspack(configs.map((config) => ({ ...config, devtool: false })), ...rest);
};
Object.defineProperty(core, 'rspack', { value: Object.assign(build, rspack) });

// Backstage writes a module that loads every plugin at once, also those that the instance does not show, and one that throws
// then leaves the portal without any. Here each is loaded when it is asked for, and one that throws is missed alone. Those
// that only some instances show are parts of their own, which the browsers of the others never fetch.
function guardPlugins() {
  const module = join(process.cwd(), 'node_modules', '__backstage-autodetected-plugins__.js');
  const eager = /default: require\('(([^'/@]+|@[^'/]+\/[^'/]+)[^']*)'\)\.default/g;
  const guarded = readFileSync(module, 'utf8').replace(eager, (_, path, name) =>
    name in needs
      ? `get default() { return part('${path}', import(/* webpackExports: ["default"] */ '${path}')) }`
      : `get default() { try { return require('${path}').default } catch (error) { missed('${path}', error) } }`,
  );
  writeFileSync(module, `${helpers}\n${guarded}`);
}

const needs = fromPackage('./package.json').orbit?.needs ?? {};

const helpers = `
const { createFrontendFeatureLoader } = require('@backstage/frontend-plugin-api');
const missed = (path, error) => console.error('The plugin ' + path + ' does not load', error);
const part = (path, loading) => {
  const features = loading.then(
    module => [module.default].filter(feature => feature?.$$type),
    error => { missed(path, error); return []; },
  );
  return createFrontendFeatureLoader({ loader: () => features });
};`;

process.argv = [process.argv[0], __filename, 'package', 'build'];
ofBackstage('./bin/backstage-cli-module-build');
