// Builds the app in the working folder with Backstage's own build: node build.cjs. What goes wrong is on stderr, in the
// compiler's words, and the exit code is 1.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const fromPackage = createRequire(join(process.cwd(), 'package.json'));
const ofBackstage = createRequire(fromPackage.resolve('@backstage/cli-module-build/package.json'));

// Backstage's build always makes source maps: four fifths of what it writes, and of no use to those who open the portal.
// It has no option for that, so the bundler is given its configuration without them.
const core = ofBackstage('@rspack/core');
const { rspack } = core;
const withoutMaps = (configs, ...rest) => rspack(configs.map((config) => ({ ...config, devtool: false })), ...rest);
Object.defineProperty(core, 'rspack', { value: Object.assign(withoutMaps, rspack) });

process.argv = [process.argv[0], __filename, 'package', 'build'];
ofBackstage('./bin/backstage-cli-module-build');
