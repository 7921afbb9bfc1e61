// Reads documents with Backstage's own loader: node loader.mjs NODE_MODULES, a JSON array of texts on stdin, a JSON array
// of {json} or {error} on stdout.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const require = createRequire(path.join(path.resolve(process.argv[2]), 'x.js'));
const { FileConfigSource, StaticConfigSource, ConfigSources } = require('@backstage/config-loader');
const env = { SET: ' value ', EMPTY: '', DOLLAR: '$x' };
const folder = mkdtempSync(path.join(tmpdir(), 'loader-'));
const results = [];
for (const layers of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const sources = layers.map((text, i) => {
      const file = path.join(folder, `${i}.yaml`);
      writeFileSync(file, text);
      return FileConfigSource.create({ path: file, watch: false, substitutionFunc: async n => env[n]?.trim() });
    });
    // Backstage cannot read a config without a single source that sets something.
    sources.unshift(StaticConfigSource.create({ data: {} }));
    const config = await ConfigSources.toConfig(ConfigSources.merge(sources));
    results.push({ json: JSON.stringify(config.get()) });
    config.close();
  } catch (error) {
    results.push({ error: String(error.message ?? error) });
  }
}
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(results));
