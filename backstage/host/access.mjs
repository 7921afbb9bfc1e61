import { createRequire } from 'node:module';

/**
 * The service that makes Backstage take what orbitd signs: a reader of the entries of type `orbit` in
 * `backend.auth.externalAccess`. The key is in the config, so nobody has to be asked about a token.
 */
export function orbitAccess(require, { createServiceFactory, createExternalTokenHandler, externalTokenHandlersServiceRef }) {
  // The one that Backstage verifies tokens with.
  const jose = createRequire(require.resolve('@backstage/backend-defaults/auth'))('jose');
  const handler = createExternalTokenHandler({
    type: 'orbit',
    initialize: ({ options }) => ({
      keys: jose.createLocalJWKSet({ keys: options.get('keys') }),
      demands: {
        algorithms: ['ES256'],
        issuer: options.getString('issuer'),
        audience: options.getString('audience'),
        requiredClaims: ['sub', 'exp'],
      },
    }),
    async verifyToken(token, { keys, demands }) {
      try {
        const { payload } = await jose.jwtVerify(token, keys, demands);
        return { subject: `external:orbit:${payload.sub}` };
      } catch {
        return undefined; // another handler may know it
      }
    },
  });
  return createServiceFactory({ service: externalTokenHandlersServiceRef, deps: {}, factory: () => handler });
}
