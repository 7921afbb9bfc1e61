import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { RELEASE, makeBundle, skip } from './bundle.mjs';
import { Host, get } from './driver.mjs';

// Hands a token to the handlers that Backstage's auth service is given, as that does.
const ASKS = `const { createBackendPlugin, coreServices } = require('@backstage/backend-plugin-api');
const { externalTokenHandlersServiceRef } = require('@backstage/backend-defaults/auth');
exports.default = createBackendPlugin({ pluginId: 'asks', register: (env) => env.registerInit({
  deps: { config: coreServices.rootConfig, router: coreServices.rootHttpRouter, handlers: externalTokenHandlersServiceRef },
  async init({ config, router, handlers }) {
    const [entry] = config.getConfigArray('backend.auth.externalAccess');
    const handler = handlers.find(({ type }) => type === entry.getString('type'));
    const context = handler.initialize({ options: entry.getConfig('options') });
    router.use('/ask', async (req, res) => res.json((await handler.verifyToken(req.query.token, context)) ?? null));
  },
}) });`;

suite('what orbitd signs', { skip }, () => {
  test('is taken by the workspace that it is for, and by no other', async (t) => {
    const jose = createRequire(join(RELEASE, 'package.json'))('jose');
    const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
    const stranger = await jose.generateKeyPair('ES256');
    const key = { ...(await jose.exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
    const host = await Host.start(t, await makeBundle(t, { 'plugin-asks': ASKS }));
    const options = { issuer: 'orbit', audience: 'acme', keys: [key] };
    const started = await host.boot({ backend: { auth: { externalAccess: [{ type: 'orbit', options }] } } });
    assert.equal(started.ok, true, JSON.stringify(started));
    const ask = async (token) => JSON.parse((await get(started.port, `/ask?token=${encodeURIComponent(token)}`)).body);
    const signed = ({ by = privateKey, iss = 'orbit', aud = 'acme', sub = 'x', ends = '5m' } = {}) => {
      const token = new jose.SignJWT({ ...(sub && { sub }) }).setProtectedHeader({ alg: 'ES256', kid: 'k1' });
      token.setIssuer(iss).setAudience(aud);
      if (ends) token.setExpirationTime(ends);
      return token.sign(by);
    };

    assert.deepEqual(await ask(await signed()), { subject: 'external:orbit:x' });
    const unsigned = [{ alg: 'none' }, { iss: 'orbit', aud: 'acme', sub: 'x', exp: 4e9 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const refused = {
      'another workspace': await signed({ aud: 'globex' }),
      'another issuer': await signed({ iss: 'other' }),
      'another key': await signed({ by: stranger.privateKey }),
      'one that has ended': await signed({ ends: '-1s' }),
      'one without an end': await signed({ ends: '' }),
      'one without a subject': await signed({ sub: '' }),
      'no signature': `${unsigned}.`,
      'no token': 'x',
    };
    for (const [what, token] of Object.entries(refused)) assert.equal(await ask(token), null, what);
  });
});
