// Says what Backstage's own validator has against configs, asked as it is asked before a web app is served: node webapp.mjs
// FOLDER_OF_PACKAGES, a JSON array of {schemas, configs} on stdin, for each of them an array of texts on stdout, "" for none.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

const { loadConfigSchema } = createRequire(join(process.argv[2], 'package.json'))('@backstage/config-loader');

function complaint(schema, config) {
  try {
    schema.process([{ data: config, context: 'app' }], { visibility: ['frontend'], withDeprecatedKeys: true });
    return '';
  } catch (error) {
    return error.message;
  }
}

const answers = [];
for (const { schemas, configs } of await json(process.stdin)) {
  const schema = await loadConfigSchema({ serialized: { backstageConfigSchemaVersion: 1, schemas } });
  answers.push(configs.map((config) => complaint(schema, config)));
}
process.stdout.write(JSON.stringify(answers));
