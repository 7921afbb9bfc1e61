import { createApp } from '@backstage/frontend-defaults';
import { createFrontendModule } from '@backstage/frontend-plugin-api';
import { landingPage } from './landing';
import { navigation } from './navigation';
import { oidcApi, signInPage } from './signIn';

/**
 * The one app that every instance serves. Its plugins are the packages that package.json depends on, as far as
 * `app.packages` lets an instance show them; what is here is what no plugin brings.
 */
export const app = createApp({
  features: [createFrontendModule({ pluginId: 'app', extensions: [signInPage, oidcApi, navigation, landingPage] })],
});
