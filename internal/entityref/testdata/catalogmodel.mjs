// Reads and writes references with Backstage's own catalog-model: node catalogmodel.mjs NODE_MODULES, {parse: [text],
// format: [ref]} on stdin, {parse: [{ref} or {error}], format: [text]} on stdout.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const require = createRequire(path.join(path.resolve(process.argv[2]), 'x.js'));
const { parseEntityRef, stringifyEntityRef } = require('@backstage/catalog-model');
const input = JSON.parse(readFileSync(0, 'utf8'));
const parse = input.parse.map(text => {
  try {
    return { ref: parseEntityRef(text) };
  } catch (error) {
    return { error: String(error.message) };
  }
});
process.stdout.write(JSON.stringify({ parse, format: input.format.map(stringifyEntityRef) }));
