package issuer

import (
	"strings"
	"testing"
)

const good = `issuers:
  - issuer: https://app.terraform.io
    audiences: [orbit]
    rules:
      - claims: {sub: "*"}
        role: reader
`

func TestAGoodSignInFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"YAML": good,
		"JSON": `{"issuers": [{"issuer": "https://a.example", "jwks_url": "https://a.example/keys", "audiences": ["x", "y"],
			"rules": [{"claims": {"admin": true, "id": 12}, "role": "admin"}]}]}`,
		"anchors": "issuers:\n  - &a {issuer: https://a.example, audiences: &x [x], rules: &r [{claims: {sub: a}, role: reader}]}\n" +
			"  - {issuer: http://127.0.0.1:8080, audiences: *x, rules: *r}\n",
	} {
		if _, err := parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFaultySignInFileIsRefusedWithTheLine(t *testing.T) {
	t.Parallel()
	change := func(old, now string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(good, old, now, 1)
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                  {"", "it is empty"},
		"no issuers":               {"issuers: []", "names no issuer"},
		"a list":                   {"- issuer: x", "line 1: here belongs a mapping with the keys issuers"},
		"an unknown key":           {change("audiences", "audience"), `line 3: the key "audience" is not known here: use issuer, jwks_url, audiences`},
		"an unknown key of a rule": {change("role", "roles"), `line 6: the key "roles" is not known here`},
		"a key twice":              {good + "        role: admin\n", "line 7"},
		"not YAML":                 {"issuers: [", "line 1"},
		"two documents":            {good + "---\nissuers: []\n", "after the first YAML document"},
		"another type":             {change("[orbit]", "orbit"), "line 3: cannot unmarshal !!str `orbit` into []string: issuers and rules"},
		"an issuer in the clear":   {change("https", "http"), `line 2: issuer "http://app.terraform.io" is not an https URL`},
		"an issuer without scheme": {change("https://", ""), "is not an absolute URL"},
		"a key set in the clear":   {change("audiences", "jwks_url: http://a.example\n    audiences"), `line 2: jwks_url "http://a.example" is not an https URL`},
		"no audience":              {change("[orbit]", "[]"), "line 2: issuer https://app.terraform.io has no audiences"},
		"an empty audience":        {change("[orbit]", `[""]`), "has no audiences, or an empty one"},
		"no rules":                 {"issuers: [{issuer: https://a.example, audiences: [x]}]", "has no rules"},
		"the same issuer twice":    {good + strings.Replace(good, "issuers:\n", "", 1), "line 7: the issuer https://app.terraform.io is already in line 2"},
		"no claims":                {change(`{sub: "*"}`, "{}"), "line 5: the rule has no claims"},
		"an empty pattern":         {change(`"*"`, `""`), "the pattern of the claim sub is empty"},
		"an unknown role":          {change("reader", "root"), `role is "root": use admin, workspace_admin or reader`},
		"no role":                  {change("        role: reader\n", ""), `role is "": use`},
		"an admin of a workspace":  {change("reader", "admin\n        workspace: a"), "an admin is not limited"},
		"a workspace admin of all": {change("reader", "workspace_admin"), "a workspace_admin needs workspace"},
		"two workspaces":           {change("reader", "reader\n        workspace: a\n        workspace_from: b"), "exclude each other"},
		"a prefix of nothing":      {change("reader", "reader\n        strip_prefix: a"), "add that, or remove it"},
		"no name for a workspace":  {change("reader", "reader\n        workspace: A_b"), "is not a DNS label"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, want %q in it", err, c.says)
			}
		})
	}
	t.Run("all that is wrong is said at once", func(t *testing.T) {
		t.Parallel()
		_, err := parse([]byte(change("[orbit]", "[]") + "      - claims: {a: b}\n        role: root\n"))
		if err == nil || !strings.Contains(err.Error(), "line 2:") || !strings.Contains(err.Error(), "line 7:") {
			t.Errorf("the error is %v, want both lines in it", err)
		}
	})
}
