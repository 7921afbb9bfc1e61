package configschema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Slips of the kind that people make, in a document of a release, with what they are told.
func TestSlipsAreFoundAndNamed(t *testing.T) {
	t.Parallel()
	set := release(t)
	for name, test := range map[string]struct{ document, want, message string }{
		"letters swapped": {
			"backend: {cors: {origin: a, credentails: true}}", "error unknown_key backend.cors.credentails", //nolint:misspell // on purpose
			"knows no key credentails here; did you mean credentials?", //nolint:misspell // on purpose
		},
		"another letter": {
			"catalog: {rulez: [{allow: [API]}]}", "error unknown_key catalog.rulez", "did you mean rules?",
		},
		"a letter lost, in a list": {
			"integrations: {github: [{host: github.com, tokn: '${T}'}]}", "error unknown_key integrations.github[0].tokn",
			"@backstage/integration knows no key tokn here; did you mean token?",
		},
		"another case": {
			"catalog: {OrphanStrategy: keep}", "error unknown_key catalog.OrphanStrategy", "did you mean orphanStrategy?",
		},
		"separated": {
			"catalog: {orphan-strategy: keep}", "error unknown_key catalog.orphan-strategy", "did you mean orphanStrategy?",
		},
		"another word": {
			"catalog: {rules: [{allow: [API], kinds: [API]}]}", "warning unknown_key catalog.rules[0].kinds", "knows no key kinds here",
		},
		"at the top": {
			"catalogue: {rules: []}", "warning unknown_key catalogue", "did you mean catalog?",
		},
		"a choice misspelt": {
			"backend: {database: {client: pg, pluginDivisionMode: shema}}", "error invalid_value backend.database.pluginDivisionMode",
			`@backstage/backend-defaults wants "database" or "schema" here, this is another string; did you mean "schema"?`,
		},
		"a number for a text": {
			"backend: {cors: {origin: 7}}", "error wrong_type backend.cors.origin",
			"wants a string or a list here, this is a number; put it in quotes",
		},
		"a word for a number": {
			"search: {maxPageLimit: many}", "error wrong_type search.maxPageLimit", "wants a number here, this is a string",
		},
		"a word for a truth": {
			"permission: {enabled: maybe}", "error wrong_type permission.enabled", "wants a boolean here, this is a string; write true or false",
		},
		"a mapping for a list": {
			"integrations: {github: {host: github.com}}", "error wrong_type integrations.github",
			"wants a list here, this is a mapping; write it as an item of a list",
		},
		"a key forgotten": {
			"integrations: {gitlab: [{token: '${T}'}]}", "warning missing_key integrations.gitlab[0].host",
			"@backstage/integration needs the key host here; add it",
		},
		"a key forgotten in the alternative that is meant": {
			"backend: {auth: {externalAccess: [{type: jwks, options: {issuer: x}}]}}",
			"warning missing_key backend.auth.externalAccess[0].options.url", "needs the key url here",
		},
		"a kind that does not exist": {
			"backend: {auth: {externalAccess: [{type: password, options: {}}]}}",
			"error invalid_value backend.auth.externalAccess[0].type", `wants "legacy", "static" or "jwks" here, this is another string`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := set.Check(document(t, test.document))
			if diff := cmp.Diff([]string{test.want}, told(found)); diff != "" {
				t.Fatal(diff)
			}
			if !strings.Contains(found[0].Message, test.message) {
				t.Errorf("message %q, want %q in it", found[0].Message, test.message)
			}
		})
	}
}

// Everything that Backstage's readers take is taken.
func TestValuesAreReadAsBackstageReadsThem(t *testing.T) {
	t.Parallel()
	set := one(t, `{"type": "object", "properties": {
		"n": {"type": "number", "minimum": 2}, "i": {"type": "integer"}, "b": {"type": "boolean"}, "yes": {"const": true},
		"one": {"enum": [1, 2]}, "s": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"}, "o": {"type": "object"},
		"ahead": {"type": "string", "pattern": "^(?!x)"}, "l": {"type": "array", "minItems": 1, "items": {"type": "string"}},
		"list": {"type": "object", "properties": {"length": {"type": "number"}}, "required": ["length"]}
	}, "required": ["n"]}`)
	for text, want := range map[string]string{
		"n: 2":                          "",
		"n: '2.5'":                      "",
		"n: ' 0x10 '":                   "",
		"n: 1e1":                        "",
		"n: '1'":                        "error invalid_value n",
		"n: two":                        "error wrong_type n",
		"n: Infinity":                   "error wrong_type n",
		"n: ''":                         "error invalid_value n", // getNumber makes 0 of it
		"n: ${N}":                       "",
		"n: 'about ${N}'":               "",
		"n: $${N}":                      "error wrong_type n",
		"n: null":                       "warning missing_key n",
		"{}":                            "warning missing_key n",
		"{n: 3, i: 1.0}":                "",
		"{n: 3, i: 1.5}":                "error wrong_type i",
		"{n: 3, b: 'Yes'}":              "",
		"{n: 3, b: off}":                "",
		"{n: 3, b: 1}":                  "",
		"{n: 3, b: 2}":                  "error wrong_type b",
		"{n: 3, b: null}":               "",
		"{n: 3, yes: on}":               "",
		"{n: 3, yes: off}":              "error invalid_value yes",
		"{n: 3, one: '2'}":              "",
		"{n: 3, one: 3}":                "error invalid_value one",
		"{n: 3, s: 7}":                  "error wrong_type s",
		"{n: 3, s: a}":                  "error invalid_value s",
		"{n: 3, s: A1}":                 "error invalid_value s",
		"{n: 3, ahead: y}":              "",
		"{n: 3, o: '${WHOLE}'}":         "",
		"{n: 3, o: []}":                 "error wrong_type o",
		"{n: 3, o: {any: {thing: 1}}}":  "",
		"{n: 3, l: []}":                 "error invalid_value l",
		"{n: 3, l: [a, '${B}', 7]}":     "error wrong_type l[2]",
		"{n: 3, list: [a, {b: c}]}":     "",
		"{n: 3, list: 7}":               "error wrong_type list",
		"{n: 3, o: {a: null}, b: null}": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			found := set.Check(document(t, text))
			if got := strings.Join(told(found), "; "); got != want {
				t.Errorf("told %q, want %q: %v", got, want, found)
			}
		})
	}
}

func TestTheAlternativeThatIsMeantSpeaks(t *testing.T) {
	t.Parallel()
	set := one(t, `{"type": "object", "properties": {
		"store": {"anyOf": [
			{"type": "string"},
			{"type": "object", "properties": {"type": {"const": "file"}, "path": {"type": "string"}}, "required": ["type", "path"]},
			{"type": "object", "properties": {"type": {"const": "table"}, "rows": {"type": "number"}}, "required": ["type", "rows"]}
		]},
		"simple": {"anyOf": [{"type": "string"}, {"type": "number"}, {"const": false}]},
		"odd": {"not": {"type": "string"}},
		"never": {"anyOf": [{"type": "string"}, {"not": {}}]},
		"records": {"anyOf": [
			{"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {}}, "required": ["a"]}},
			{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}
		]},
		"if": {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}
	}}`)
	for text, want := range map[string]string{
		"store: x":                        "",
		"store: {type: file, path: p}":    "",
		"store: {type: table, path: p}":   "warning missing_key store.rows",
		"store: {type: file, path: [p]}":  "error wrong_type store.path",
		"store: {type: fiel, path: p}":    "error invalid_value store.type",
		"store: {type: '${T}', path: p}":  "",
		"store: {path: p}":                "warning missing_key store.type",
		"store: 7":                        "error wrong_type store",
		"records: {a: x}":                 "warning missing_key records.b", // what may work is meant rather than what cannot
		"records: {one: {}, two: {a: x}}": "warning missing_key records.one.a",
		"simple: []":                      "error invalid_value simple",
		"odd: x":                          "error invalid_value odd",
		"odd: ${X}":                       "",
		"odd: 7":                          "",
		"never: 7":                        "error wrong_type never",
		"if: {a: 1}":                      "warning missing_key if.b",
		"if: {z: 1}":                      "warning missing_key if.c",
		"{if: {a: 1, b: 2}, simple: yes}": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			found := set.Check(document(t, text))
			if got := strings.Join(told(found), "; "); got != want {
				t.Errorf("told %q, want %q: %v", got, want, found)
			}
		})
	}
}

// Messages end in logs and in other people's terminals.
func TestMessagesNeverQuoteAValue(t *testing.T) {
	t.Parallel()
	set := release(t)
	for _, text := range []string{
		"search: {maxPageLimit: hunter22}", "permission: {enabled: hunter22}", "catalog: {orphanStrategy: hunter22}",
		"integrations: {github: hunter22}", "catalog: {locations: [hunter22]}",
		"integrations: {github: [{host: h, token: hunter22, apps: hunter22}]}",
	} {
		parsed := document(t, text)
		found := set.Check(parsed)
		for _, literal := range set.LiteralSecrets(parsed) {
			found = append(found, literal.Diagnostic())
		}
		if len(found) == 0 {
			t.Errorf("%s: nothing is wrong", text)
		}
		for _, d := range found {
			if strings.Contains(d.String(), "hunter22") {
				t.Errorf("%s: %s", text, d)
			}
		}
	}
}

func TestPackagesKnowKeysForEachOther(t *testing.T) {
	t.Parallel()
	set := schemas(t, map[string]string{
		"@backstage/a": `{"properties": {"shared": {"type": "object", "properties": {"mine": {"type": "string"}, "deep": {"properties": {"a": {}}}}, "additionalProperties": false}}}`,
		"@backstage/b": `{"properties": {"shared": {"type": "object", "properties": {"theirs": {"type": "number"}}}}}`,
		"@backstage/c": `{"properties": {"open": {"type": "object", "properties": {"known": {}}, "additionalProperties": {"type": "string"}}}}`,
		"@backstage/d": `{"properties": {"open": {"type": "object", "properties": {"number": {"type": "number"}}}}}`,
	})
	for text, want := range map[string]string{
		"shared: {mine: a, theirs: 1}":       "",
		"shared: {theirs: a}":                "error wrong_type shared.theirs",
		"shared: {nobodys: 1}":               "", // sections are shared with the web app, which has no schemas here
		"shared: {deep: {nobodys: 1}}":       "warning unknown_key shared.deep.nobodys",
		"shared: {theirz: 1}":                "error unknown_key shared.theirz",
		"shared: {theirz: 1, theirs: 2}":     "warning unknown_key shared.theirz", // both are set: it may be another one
		"shared: {their: 1}":                 "warning unknown_key shared.their",  // one and many may both exist
		"open: {whatever: x, known: [1, 2]}": "",
		"open: {whatever: []}":               "error wrong_type open.whatever",
		"open: {whatever: 7}":                "warning wrong_type open.whatever", // a mapping that is handed on as it is
		"nobodys: {at: all}":                 "",
		"shered: {}":                         "warning unknown_key shered",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(told(set.Check(document(t, text))), "; "); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
}

func TestKeysThatOrbitdSetsAreNotMissed(t *testing.T) {
	t.Parallel()
	set := release(t)
	for _, text := range []string{"{}", "backend: {cors: {origin: a}}", "app: {title: Acme}", "backend: {database: {}}"} {
		if found := set.Check(document(t, text)); len(found) > 0 {
			t.Errorf("%s: %v", text, found)
		}
	}
}

// What types require the code often has a default for, and the schemas of others lack keys that are documented.
func TestSchemasAreBelievedAsFarAsTheyAreRight(t *testing.T) {
	t.Parallel()
	set := Join(release(t), plugins(t))
	for text, want := range map[string]string{
		"auth: {environment: production}":                      "",
		"integrations: {github: [{token: '${T}'}]}":            "",
		"backend: {logger: {level: verbose}}":                  "",
		"backend: {logger: {level: loud}}":                     "error invalid_value backend.logger.level",
		"catalog: {processingInterval: PT30M}":                 "",
		"catalog: {processingInterval: 30}":                    "error wrong_type catalog.processingInterval",
		"catalog: {processingInterval: {minute: 30}}":          "error unknown_key catalog.processingInterval.minute",
		"azureDevOps: {host: a, organization: b}":              "warning missing_key azureDevOps.pullRequestDashboard",
		"sonarqube: {baseUrl: u, apiKey: k, authType: Bearer}": "",
		"sonarqube: {baseUrl: u, apiKye: k}":                   "error unknown_key sonarqube.apiKye",
		"jenkins: {instances: [{name: n, baseUrl: u, username: x, apiKey: k, allowedBaseUrlOverrideRegex: r}]}": "",
		"search: {pg: {highlightOptions: {maxWord: 3}}}":                                                        "warning unknown_key search.pg.highlightOptions.maxWord",
		"proxy: {/old: {target: 'http://a'}, endpoints: {/a: {target: 'http://a', ws: true, headers: {X-A: 7}}}}": "" +
			`warning wrong_type proxy.endpoints["/a"].headers.X-A`,
		"backend: {logger: {overrides: [{level: debug, matchers: {plugin: [a, b]}}]}}":          "",
		"catalog: {providers: {microsoftGraphOrg: {default: {tenantId: '${T}', clientId: i}}}}": "warning missing_key catalog.providers.microsoftGraphOrg.default.clientSecret",
		"jenkins: {baseUrl: u, username: x}":                                                    "warning missing_key jenkins.apiKey",
		"app: {title: T, extensions: [a], analytics: {ga: {}}}":                                 "",
		"techdocs: {sanitizer: {}}":                                                             "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			// Packages that require a section for themselves do so in every document.
			var lines []string
			for _, line := range told(set.Check(document(t, text))) {
				if line != "warning missing_key notifications" && line != "warning missing_key permission" {
					lines = append(lines, line)
				}
			}
			if got := strings.Join(lines, "; "); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
}
