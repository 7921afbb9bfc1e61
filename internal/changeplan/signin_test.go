package changeplan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	here  = Site{URL: "http://acme.localhost:7007", Development: true}
	there = Site{URL: "https://acme.example.com"}
)

func found(diagnostics []orbit.Diagnostic) []string {
	var lines []string
	for _, d := range diagnostics {
		lines = append(lines, strings.Join([]string{string(d.Severity), string(d.Code), d.Path}, " "))
	}
	return lines
}

const oidc = "oidc: {development: {clientId: a, clientSecret: '${S}', metadataUrl: 'https://id.test/x', signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}}}"

func TestWhatStandsBetweenPeopleAndSigningIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string
		site   Site
		want   []string
	}{
		"nothing":                           {"", there, nil},
		"an instance for programs alone":    {"auth: {environment: production}", there, nil},
		"a provider with all that it needs": {"auth: {providers: {" + oidc + "}}", there, nil},
		"guest where nothing is known":      {"auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", Site{}, nil},
		"guest for development": {"auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", here,
			[]string{"warning guest_sign_in auth.providers.guest"}},
		"guest for everybody": {"auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}", there,
			[]string{"error guest_sign_in auth.providers.guest"}},
		"guest for everybody, as Backstage reads it": {"auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: 'Yes'}}}", there,
			[]string{"error guest_sign_in auth.providers.guest"}},
		"guest for everybody, perhaps": {"auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: '${S}'}}}", there,
			[]string{"error guest_sign_in auth.providers.guest"}},
		"guest for nobody": {"auth: {providers: {guest: {}}}", there, []string{"warning no_sign_in auth.providers.guest"}},
		"guest taken back": {"auth: {providers: {guest: null}}", there, nil},
		"no resolver and no other way": {"auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}}}", there,
			[]string{"error no_sign_in auth.providers.github.development"}},
		"no resolver, beside one that has": {"auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}, " + oidc + "}}", there,
			[]string{"warning no_sign_in auth.providers.github.development"}},
		"no resolver, beside guest": {
			"auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}, guest: {dangerouslyAllowOutsideDevelopment: true}}}", here,
			[]string{"warning no_sign_in auth.providers.github.development", "warning guest_sign_in auth.providers.guest"}},
		"no resolver, beside a guest that is not let in": {
			"auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}, guest: {}}}", here,
			[]string{"error no_sign_in auth.providers.github.development", "warning no_sign_in auth.providers.guest"}},
		"no resolver, beside a provider that nobody brings": {
			"auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}, okta: {development: {}}}}", here,
			[]string{"error no_sign_in auth.providers.github.development"}},
		"an empty list of resolvers": {"auth: {providers: {github: {development: {signIn: {resolvers: []}}}}}", there,
			[]string{"error no_sign_in auth.providers.github.development"}},
		"an environment without settings": {"auth: {environment: production, providers: {" + oidc + "}}", there,
			[]string{"error no_sign_in auth.providers.oidc"}},
		"an environment that a secret decides": {"auth: {environment: '${S}', providers: {" + oidc + "}}", there, nil},
		"a client secret in the text": {"auth: {providers: {gitlab: {development: {clientSecret: s3cret, signIn: {resolvers: [{resolver: x}]}}}}}", there,
			[]string{"error literal_secret auth.providers.gitlab.development.clientSecret"}},
		"one in an environment that is not asked for": {"auth: {providers: {" + strings.Replace(oidc, "oidc: {", "oidc: {test: {clientSecret: s3cret}, ", 1) + "}}", there,
			[]string{"error literal_secret auth.providers.oidc.test.clientSecret"}},
		"another address to come back to": {"auth: {providers: {" + strings.Replace(oidc, "clientId: a", "callbackUrl: 'https://acme.example.com/api/auth/okta/handler/frame'", 1) + "}}", there,
			[]string{"error callback_url auth.providers.oidc.development.callbackUrl"}},
		"the instance's own, written otherwise": {"auth: {providers: {" + strings.Replace(oidc, "clientId: a", "callbackUrl: 'https://ACME.example.com:443/api/auth/oidc/handler/frame'", 1) + "}}", there, nil},
		"an address where nothing is known":     {"auth: {providers: {" + strings.Replace(oidc, "clientId: a", "callbackUrl: 'https://other.test'", 1) + "}}", Site{}, nil},
		"an address behind a variable":          {"auth: {providers: {" + strings.Replace(oidc, "clientId: a", "callbackUrl: '${S}'", 1) + "}}", there, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := SignIn(configured(t, c.config), c.site)
			if diff := cmp.Diff(c.want, found(got)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, got)
			}
			for _, d := range got {
				if strings.Contains(d.Message, "s3cret") || strings.HasSuffix(d.Message, ".") || d.Line == 0 {
					t.Errorf("malformed: %+v", d)
				}
			}
		})
	}
}

// TestAProviderOfAPluginIsAWayIn is about providers that the releases do not bring.
func TestAProviderOfAPluginIsAWayIn(t *testing.T) {
	t.Parallel()
	state := configured(t, "auth: {providers: {github: {development: {clientId: a, clientSecret: '${S}'}}, okta: {development: {}}}}")
	state.Plugins = map[string]Plugin{"@backstage/plugin-auth-backend-module-okta-provider": {Version: "1.0.0"}}
	want := []string{"warning no_sign_in auth.providers.github.development"}
	if diff := cmp.Diff(want, found(SignIn(state, there))); diff != "" {
		t.Error(diff)
	}
	if got := problemsOf(t, state); got != nil {
		t.Errorf("the plugin's provider is called unknown: %q", got)
	}
}

func TestASignInFindingNamesThePluginWhoseDocumentItIs(t *testing.T) {
	t.Parallel()
	state := configured(t, "")
	plugin, _ := FromPluginSpec("p", orbit.PluginSpec{Version: "1.0.0", Config: "auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}"})
	state.Plugins = map[string]Plugin{"p": plugin}
	got := SignIn(state, here)
	if len(got) != 1 || got[0].Plugin != "p" || !GuestsSignIn(state) {
		t.Errorf("got %v", got)
	}
}

func TestAProviderThatDoesNotStartIsRefused(t *testing.T) {
	t.Parallel()
	const resolver = "signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}"
	for config, want := range map[string][]string{
		"github: {development: {clientId: a, clientSecret: '${S}', " + resolver + "}}": nil,
		"github: {clientId: a}": {"error will_not_boot  auth.providers.github.clientId"},
		"github: {development: {clientId: a}, production: {clientSecret: '${S}'}}": {
			"error will_not_boot  auth.providers.github.development.clientSecret", "error will_not_boot  auth.providers.github.production.clientId"},
		"microsoft: {development: {clientId: a, clientSecret: '${S}'}}":           {"error will_not_boot  auth.providers.microsoft.development.tenantId"},
		"oidc: {development: {clientId: a, clientSecret: '${S}', scope: openid}}": {"error will_not_boot  auth.providers.oidc.development.metadataUrl", "error will_not_boot  auth.providers.oidc.development.scope"},
		"google: {development: {clientId: a, clientSecret: '${S}', signIn: {resolvers: [{resolver: usernameMatchingUserEntityName}, {}]}}}": {
			"error will_not_boot  auth.providers.google.development.signIn.resolvers[0].resolver",
			"error will_not_boot  auth.providers.google.development.signIn.resolvers[1].resolver"},
		"gitlab: {development: {clientId: a, clientSecret: '${S}', sessionDuration: a while}}": {"error will_not_boot  auth.providers.gitlab.development.sessionDuration"},
	} {
		if diff := cmp.Diff(want, problemsOf(t, configured(t, "auth: {providers: {"+config+"}}"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", config, diff)
		}
	}
}
