package configschema

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// base is what orbitd sets, which the schemas of the app require.
const base = "app: {baseUrl: 'http://x'}\nbackend: {baseUrl: 'http://x'}\n"

// webAppCases are app-configs for the release's web app with Grafana's plugin, and what is told of them: nothing where
// Backstage starts with it.
var webAppCases = map[string]string{
	"grafana: {domain: 'https://g'}":                                       "",
	"grafana: {}":                                                          "",
	"{}":                                                                   "missing_key grafana",
	"grafana: null":                                                        "missing_key grafana",
	"grafana: text":                                                        "wrong_type grafana",
	"grafana: {domain: {a: b}}":                                            "wrong_type grafana.domain",
	"grafana: {domain: 7}":                                                 "", // ajv makes a text of it
	"grafana: {domain: true}":                                              "",
	"grafana: {unifiedAlerting: 'true'}":                                   "",
	"grafana: {unifiedAlerting: 'yes'}":                                    "wrong_type grafana.unifiedAlerting",
	"grafana: {unifiedAlerting: 1}":                                        "",
	"grafana: {unifiedAlerting: 2}":                                        "wrong_type grafana.unifiedAlerting",
	"grafana: {grafanaDashboardMaxPages: '5'}":                             "",
	"grafana: {grafanaDashboardMaxPages: ''}":                              "wrong_type grafana.grafanaDashboardMaxPages",
	"grafana: {grafanaDashboardMaxPages: true}":                            "",
	"grafana: {grafanaDashboardMaxPages: many}":                            "wrong_type grafana.grafanaDashboardMaxPages",
	"grafana: {hosts: {id: a}}":                                            "wrong_type grafana.hosts",
	"grafana: {hosts: [{id: a}]}":                                          "missing_key grafana.hosts[0].domain",
	"grafana: {hosts: [{id: a, domain: b}, c]}":                            "wrong_type grafana.hosts[1]",
	"grafana: {dashboards: [1]}":                                           "", // nobody knows the key
	"{grafana: {}, argocd: {appLocatorMethods: [{type: config}]}}":         "missing_key argocd.appLocatorMethods[0].instances",
	"{grafana: {}, argocd: {appLocatorMethods: [{instances: []}]}}":        "missing_key argocd.appLocatorMethods[0].type",
	"{grafana: {}, search: {query: {pageLimit: 30}}}":                      "invalid_value search.query.pageLimit",
	"{grafana: {}, search: {query: {pageLimit: '25'}}}":                    "",
	"{grafana: {}, techdocs: {builder: locale}}":                           "invalid_value techdocs.builder",
	"{grafana: {}, permission: {enabled: 'on'}}":                           "wrong_type permission.enabled",
	"{grafana: {}, catalog: {experimentalPagination: x}}":                  "wrong_type catalog.experimentalPagination",
	"{grafana: {}, catalog: {experimentalPagination: {limit: x}}}":         "", // a number that the browser does not see by itself
	"{grafana: {}, auth: {providers: {github: x}}}":                        "wrong_type auth.providers.github",
	"{grafana: {}, auth: {providers: {github: null}}}":                     "",
	"{grafana: {}, auth: {autologout: {idleTimeoutMinutes: '3'}}}":         "",
	"{grafana: {}, discovery: {endpoints: [{target: a}]}}":                 "missing_key discovery.endpoints[0].plugins",
	"{grafana: {}, discovery: {endpoints: [{target: [a], plugins: [b]}]}}": "wrong_type discovery.endpoints[0].target",
	"{grafana: {}, integrations: {github: [{token: a}]}}":                  "missing_key integrations.github[0].host",
	"{grafana: {}, integrations: {github: {host: a}}}":                     "wrong_type integrations.github",
	"{grafana: {}, homepage: {clocks: [{label: a}]}}":                      "missing_key homepage.clocks[0].timezone",
	"{grafana: {}, devTools: {scheduledTasks: {}}}":                        "missing_key devTools.scheduledTasks.plugins",
}

// webApp is the schemas of the release's web app with Grafana's plugin, as its build kept them.
func webApp(t *testing.T) Set {
	t.Helper()
	return parsed(t, kept(t, "webapp"))
}

func TestConfigIsHeldAgainstTheWebApp(t *testing.T) {
	t.Parallel()
	set := webApp(t)
	for text, want := range webAppCases {
		found := set.CheckWebApp(document(t, text))
		if got := strings.Join(codes(found), ", "); got != want {
			t.Errorf("%s: %q is told, want %q", text, got, want)
		}
	}
}

func codes(found []orbit.Diagnostic) []string {
	var lines []string
	for _, d := range found {
		lines = append(lines, string(d.Code)+" "+d.Path)
	}
	return lines
}

func TestMessagesSayWhatTheWebAppNeeds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{}": "Backstage does not start with the web app like this: @backstage-community/plugin-grafana needs the key grafana here; add it",
		"{grafana: {}, search: {query: {pageLimit: 30}}}": "Backstage does not start with the web app like this: @backstage/plugin-search wants 10, 25, 50 or 100 here",
		"{grafana: {unifiedAlerting: 'yes'}}": "Backstage does not start with the web app like this: @backstage-community/plugin-grafana wants a boolean here, " +
			"this is a string; write true or false",
	} {
		found := webApp(t).CheckWebApp(document(t, text))
		if len(found) != 1 || found[0].Message != want || found[0].Severity != orbit.SeverityError {
			t.Errorf("%s: %v, want %q", text, found, want)
		}
	}
}

// What a reference stands for is not known at plan, so nothing is said of it.
func TestReferencesFitTheWebApp(t *testing.T) {
	t.Parallel()
	text := "{grafana: {domain: '${D}', unifiedAlerting: '${U}', hosts: '${H}'}, catalog: {experimentalPagination: '${P}'}}"
	if found := webApp(t).CheckWebApp(document(t, text)); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

func TestAKeyIsKnownThatAnyPackageSpeaksOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{"techdocs.sanitizer.additionalAllowedURIProtocols": true, "techdocs.sanitiser": false, "grafana.hosts": true} {
		if got := webApp(t).Knows(appconfig.Keys(strings.Split(path, ".")...)); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}

// inquiry is what Backstage's validator is asked: what it has against configs under the schemas of an app.
type inquiry struct {
	Schemas []entry           `json:"schemas"`
	Configs []json.RawMessage `json:"configs"`
}

// complaints are what the validator of a real Backstage, the one installed in ORBIT_TEST_BUNDLE, has against each.
func complaints(t *testing.T, inquiries []inquiry) [][]string {
	t.Helper()
	release := os.Getenv("ORBIT_TEST_BUNDLE")
	if release == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	input, err := json.Marshal(inquiries)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "webapp.mjs"), release)
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("ask Backstage's validator: %v", err)
	}
	var answers [][]string
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatalf("read %q: %v", output, err)
	}
	return answers
}

// The table is what a real Backstage makes of it.
func TestBackstageStartsWithWhatTheWebAppTakes(t *testing.T) {
	t.Parallel()
	var app serialised
	if err := json.Unmarshal(kept(t, "webapp"), &app); err != nil {
		t.Fatal(err)
	}
	asked := inquiry{Schemas: app.Schemas}
	texts := slices.Sorted(maps.Keys(webAppCases))
	for _, text := range texts {
		asked.Configs = append(asked.Configs, appconfig.Merge(document(t, base), document(t, text)).JSON())
	}
	for i, complaint := range complaints(t, []inquiry{asked})[0] {
		if (complaint != "") != (webAppCases[texts[i]] != "") {
			t.Errorf("%s: Backstage says %q, the table %q", texts[i], complaint, webAppCases[texts[i]])
		}
	}
}

// Whatever a schema says of what the browser sees, Backstage is of the same opinion.
func TestTheWebAppIsAskedAsBackstageAsks(t *testing.T) {
	t.Parallel()
	const rounds, documents = 60, 10
	random := rand.New(rand.NewPCG(3, 4))
	inquiries := make([]inquiry, rounds)
	for i := range inquiries {
		value := encoded(t, map[string]any{"type": "object", "properties": map[string]any{"a": visibleSchema(random, 3)}})
		inquiries[i].Schemas = []entry{{Package: "@x/y", Path: "package.json", Value: value}}
		for range documents {
			inquiries[i].Configs = append(inquiries[i].Configs, encoded(t, map[string]any{"a": visibleValue(random, 3)}))
		}
	}
	refused := 0
	for i, complaints := range complaints(t, inquiries) {
		set := one(t, string(inquiries[i].Schemas[0].Value))
		for n, complaint := range complaints {
			config := string(inquiries[i].Configs[n])
			if found := set.CheckWebApp(document(t, config)); (len(found) > 0) != (complaint != "") {
				t.Errorf("schema %s\ndocument %s\nfound %v\nBackstage: %s", inquiries[i].Schemas[0].Value, config, found, complaint)
			}
			if complaint != "" {
				refused++
			}
		}
	}
	if all := rounds * documents; refused < all/10 || refused > all*9/10 {
		t.Errorf("%d of %d documents are refused: the test says little", refused, all)
	}
}

func encoded(t *testing.T, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// visibleSchema is a schema of the words that frontend packages use.
func visibleSchema(random *rand.Rand, depth int) map[string]any {
	kinds := 5
	if depth > 0 {
		kinds = 10
	}
	part := func() any { return visibleSchema(random, depth-1) }
	schema := []func() map[string]any{
		func() map[string]any { return map[string]any{"type": "string"} },
		func() map[string]any { return map[string]any{"type": "string", "enum": []any{"x", "2"}} },
		func() map[string]any { return map[string]any{"type": "number"} },
		func() map[string]any { return map[string]any{"type": "boolean"} },
		func() map[string]any { return map[string]any{"type": []any{"string", "object"}} },
		func() map[string]any { return map[string]any{"type": "array", "items": part()} },
		func() map[string]any { return map[string]any{"anyOf": []any{part(), part()}} },
		func() map[string]any {
			return map[string]any{"type": "object", "properties": map[string]any{"k": part(), "kl": part()}, "required": []any{"k"}}
		},
		func() map[string]any {
			return map[string]any{"type": "object", "properties": map[string]any{"l": part()}, "additionalProperties": part()}
		},
		func() map[string]any {
			return map[string]any{"type": "object", "properties": map[string]any{"m": part()}, "additionalProperties": false}
		},
	}[random.IntN(kinds)]()
	switch random.IntN(6) {
	case 0, 1:
		schema["visibility"] = "frontend"
	case 2:
		schema["deepVisibility"] = "frontend"
	}
	return schema
}

// visibleValue is a value of which ajv makes others.
func visibleValue(random *rand.Rand, depth int) any {
	kinds := 10
	if depth > 0 {
		kinds = 20
	}
	switch kind := random.IntN(kinds); {
	case kind < 10:
		return []any{"x", "2", "", "true", 0, 1, 2.5, true, false, nil}[kind]
	case kind < 13:
		list := []any{}
		for range random.IntN(3) {
			list = append(list, visibleValue(random, depth-1))
		}
		return list
	default:
		mapping := map[string]any{}
		for _, key := range []string{"k", "kl", "l", "m"} {
			if random.IntN(2) == 0 {
				mapping[key] = visibleValue(random, depth-1)
			}
		}
		return mapping
	}
}
