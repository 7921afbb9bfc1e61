import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packedApp } from '../packed.mjs';
import { RELEASE, skip } from './bundle.mjs';

suite('the packed files of the web app', { skip }, () => {
  test('go to browsers that can read them, with the type of what is in them', async (t) => {
    const base = await serve(t, { 'main.js': 'script', 'main.css': 'style' });
    for (const [name, type, content] of [['main.js', /javascript/, 'script'], ['main.css', /css/, 'style']]) {
      const answer = await fetch(`${base}/static/${name}`, { headers: { 'Accept-Encoding': 'br, gzip' } });
      assert.equal(answer.headers.get('Content-Encoding'), 'gzip');
      assert.match(answer.headers.get('Content-Type'), type);
      assert.match(answer.headers.get('Cache-Control'), /max-age=1209600/);
      assert.equal(answer.headers.get('X-Content-Type-Options'), 'nosniff');
      assert.equal(answer.headers.get('Vary'), 'Accept-Encoding');
      assert.equal(await answer.text(), content);
    }
  });

  test('are left to the next handler where there is none, or the client cannot read it', async (t) => {
    const base = await serve(t, { 'main.js': 'script' });
    for (const [path, encoding] of [
      ['main.js', 'identity'],
      ['other.js', 'gzip'],
      ['main.js.gz', 'gzip'],
      ['../secret.js', 'gzip'],
      ['%2e%2e%2fsecret.js', 'gzip'],
      ['', 'gzip'],
    ]) {
      const answer = await fetch(`${base}/static/${path}`, { headers: { 'Accept-Encoding': encoding } });
      assert.equal(await answer.text(), 'next', path);
      assert.equal(answer.headers.get('Content-Encoding'), null, path);
    }
  });
});

/** Serves packed files, by name with what is in them, and `next` for all that they are not. */
async function serve(t, files) {
  const packageName = await mkdtemp(join(tmpdir(), 'orbit-host-'));
  t.after(() => rm(packageName, { recursive: true, force: true }));
  await mkdir(join(packageName, 'dist', 'static'), { recursive: true });
  await writeFile(join(packageName, 'dist', 'secret.js.gz'), gzipSync('secret'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(packageName, 'dist', 'static', `${name}.gz`), gzipSync(content));
  }
  const require = createRequire(join(RELEASE, 'package.json'));
  const app = createRequire(require.resolve('@backstage/plugin-app-backend'))('express')();
  app.use('/static', packedApp(require, { packageName }));
  app.use((_req, res) => res.send('next'));
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}
