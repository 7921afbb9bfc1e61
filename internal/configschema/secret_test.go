package configschema

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestSecretsInTheTextAreFound(t *testing.T) {
	t.Parallel()
	set := Join(release(t), plugins(t))
	for text, want := range map[string]map[string]string{
		"integrations: {github: [{host: h, token: one}, {host: i, token: '${T}'}, {host: j, token: ''}]}": {
			"integrations.github[0].token": "one",
		},
		"backend: {auth: {externalAccess: [{type: static, options: {token: abcdefgh, subject: s}}]}}": {
			"backend.auth.externalAccess[0].options.token": "abcdefgh",
		},
		"jenkins: {baseUrl: u, username: n, apiKey: k}":                             {"jenkins.apiKey": "k"},
		"jenkins: {instances: [{name: n, apiKey: '$${k}'}]}":                        {"jenkins.instances[0].apiKey": "$${k}"},
		"sonarqube: {baseUrl: u, apiKey: 'Bearer ${K}'}":                            {},
		"scaffolder: {defaultEnvironment: {secrets: {a: one}, parameters: {b: c}}}": {"scaffolder.defaultEnvironment.secrets.a": "one"},
		"pagerDuty: {oauth: {clientId: i, clientSecret: s, subDomain: d}}": {
			"pagerDuty.oauth.clientId": "i", "pagerDuty.oauth.clientSecret": "s", "pagerDuty.oauth.subDomain": "d",
		},
		"app: {title: Acme}": {},
	} {
		found := map[string]string{}
		for _, literal := range set.LiteralSecrets(document(t, text)) {
			found[literal.Path.String()] = literal.Value
			if literal.Package == "" {
				t.Errorf("%s: nobody says so", literal.Path)
			}
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestSecretPaths(t *testing.T) {
	t.Parallel()
	set := Join(release(t), one(t, `{"properties": {"vault": {"type": "object", "deepVisibility": "secret", "properties": {
		"name": {"type": "string"}, "shown": {"type": "string", "visibility": "frontend"}, "more": {}}}}}`))
	for path, want := range map[string]bool{
		"integrations.github[0].token": true,
		"integrations.github[7].token": true,
		"integrations.github[0].host":  false,
		"integrations.github":          false,
		"backend.auth.keys[0].secret":  true,
		"vault":                        true,
		"vault.name":                   true,
		"vault.shown":                  false,
		"vault.more.of[0].it":          true,
		"vault.unheard":                true,
		"nobody.knows":                 false,
		"":                             false,
		`proxy.endpoints["/a"].headers.Authorization`: true,
		`proxy.endpoints["/a"].headers.X-Team`:        false,
	} {
		parsed, err := appconfig.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Secret(parsed); got != want {
			t.Errorf("Secret(%s) = %v, want %v", path, got, want)
		}
	}
}

func TestALiteralIsToldWithTheWayOut(t *testing.T) {
	t.Parallel()
	found := release(t).LiteralSecrets(document(t, "integrations: {github: [{host: h, token: one}]}"))
	if len(found) != 1 {
		t.Fatal(found)
	}
	want := orbit.Diagnostic{
		Code: orbit.CodeLiteralSecret, Severity: orbit.SeverityWarning, Path: "integrations.github[0].token",
		Message: "@backstage/integration calls this a secret, and it stands in the document for all to read; put it into " +
			"secrets_wo and write ${NAME} here",
	}
	if diff := cmp.Diff(want, found[0].Diagnostic()); diff != "" {
		t.Error(diff)
	}
}
