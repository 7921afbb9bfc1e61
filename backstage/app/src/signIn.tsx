import { OAuth2 } from '@backstage/core-app-api';
import { SignInPage, type SignInProviderConfig } from '@backstage/core-components';
import {
  type OpenIdConnectApi,
  type ProfileInfoApi,
  type BackstageIdentityApi,
  type SessionApi,
  configApiRef,
  githubAuthApiRef,
  gitlabAuthApiRef,
  googleAuthApiRef,
  microsoftAuthApiRef,
  useApi,
} from '@backstage/core-plugin-api';
import {
  ApiBlueprint,
  createApiRef,
  discoveryApiRef,
  oauthRequestApiRef,
} from '@backstage/frontend-plugin-api';
import { SignInPageBlueprint } from '@backstage/plugin-app-react';

/** The one provider without an API in Backstage's own app: what it signs in with is the operator's choice. */
const oidcAuthApiRef = createApiRef<OpenIdConnectApi & ProfileInfoApi & BackstageIdentityApi & SessionApi>({
  id: 'orbit.auth.oidc',
});

export const oidcApi = ApiBlueprint.make({
  name: 'oidc',
  params: defineParams =>
    defineParams({
      api: oidcAuthApiRef,
      deps: { configApi: configApiRef, discoveryApi: discoveryApiRef, oauthRequestApi: oauthRequestApiRef },
      factory: ({ configApi, discoveryApi, oauthRequestApi }) =>
        OAuth2.create({
          configApi,
          discoveryApi,
          oauthRequestApi,
          environment: configApi.getOptionalString('auth.environment'),
          provider: { id: 'oidc', title: 'OpenID Connect', icon: () => null },
          defaultScopes: ['openid', 'profile', 'email'],
        }),
    }),
});

const providers: Record<string, SignInProviderConfig | 'guest'> = {
  guest: 'guest',
  oidc: {
    id: 'oidc',
    title: 'Single sign-on',
    message: 'Sign in with your organization’s account',
    apiRef: oidcAuthApiRef,
  },
  github: { id: 'github', title: 'GitHub', message: 'Sign in with GitHub', apiRef: githubAuthApiRef },
  gitlab: { id: 'gitlab', title: 'GitLab', message: 'Sign in with GitLab', apiRef: gitlabAuthApiRef },
  google: { id: 'google', title: 'Google', message: 'Sign in with Google', apiRef: googleAuthApiRef },
  microsoft: { id: 'microsoft', title: 'Microsoft', message: 'Sign in with Microsoft', apiRef: microsoftAuthApiRef },
};

/** Offers the providers that the instance's `auth.providers` has: of these the browser is told the names alone. */
export const signInPage = SignInPageBlueprint.make({
  params: {
    loader: async () => props => {
      const config = useApi(configApiRef);
      const declared = config.getOptionalConfig('auth.providers')?.keys() ?? [];
      const offered = declared.flatMap(id => providers[id] ?? []);
      if (offered.length === 0) return <NobodySignsIn />;
      return <SignInPage {...props} title="Sign in" align="center" providers={offered} />;
    },
  },
});

function NobodySignsIn() {
  return (
    <main style={{ maxWidth: '36rem', margin: '20vh auto', padding: '0 1rem' }}>
      <h1>Nobody can sign in here yet</h1>
      <p>
        The app-config of this portal has no sign-in provider that this web app knows. Whoever runs it can add one under{' '}
        <code>auth.providers</code>: oidc, github, gitlab, google or microsoft, and guest for development.
      </p>
    </main>
  );
}
