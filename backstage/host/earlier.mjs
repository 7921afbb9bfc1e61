import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The feature that serves files of the web app that was served before, `app.earlierPackageName`: a browser that still has
 * it open loads parts of it that it did not need until now.
 */
export function earlierApp(require, { createBackendModule }, config) {
  const ofBackend = createRequire(require.resolve('@backstage/plugin-app-backend'));
  const express = ofBackend('express');
  const { staticFallbackHandlerExtensionPoint } = ofBackend('@backstage/plugin-app-node');
  return createBackendModule({
    pluginId: 'app',
    moduleId: 'orbit-earlier-app',
    register: (env) => env.registerInit({
      deps: { fallback: staticFallbackHandlerExtensionPoint },
      init: async ({ fallback }) => {
        const dir = join(config.app.earlierPackageName, 'dist', 'static');
        fallback.setStaticFallbackHandler(express.static(dir, { immutable: true, maxAge: '14d' }));
      },
    }),
  });
}
