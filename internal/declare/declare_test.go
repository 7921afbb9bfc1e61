package declare

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check func(string) []orbit.Diagnostic
		code  orbit.Code
		good  []string
		// bad maps what is refused to words of the message.
		bad map[string]string
	}{
		{Workspace, orbit.CodeInvalidWorkspace, []string{"a", "acme", "a-b-1", "1a", strings.Repeat("a", 40)}, map[string]string{
			"": "no name", "Acme": "DNS label", "-a": "DNS label", "a-": "DNS label", "a_b": "DNS label", "a.b": "DNS label",
			"é": "DNS label", "a\n": "DNS label", strings.Repeat("a", 41): "at most 40",
		}},
		{Package, orbit.CodeInvalidPackage, []string{"a", "left-pad", "@backstage/plugin-x-backend", "@a.b/c_d", "~x"}, map[string]string{
			"": "no name", "A": "not the name", "a b": "not the name", ".a": "not the name", "_a": "not the name", "a/b": "begins with @",
			"@a": "not the name", "@a/b/c": "not the name", "@a/b@1.2.3": `give the package as "@a/b"`, "a@latest": "version in it",
			"https://x/y.tgz": "registry", "git+ssh://x": "registry", "../x": "begins with @", "node_modules": "not the name",
			"file:x": "registry", strings.Repeat("a", 215): "at most 214", "--global": "not the name",
		}},
		{Version, orbit.CodeInvalidVersion, []string{
			"1.2.3", "0.0.0", "1.2.3-beta.17", "10.20.30-rc-1", "1", "1.2", "^1.2.3", "~1.2.3", "~1.2", "^0.0.1-next.0", "1.x", "1.2.X",
			"1.*", "1.x.x", ">=1.0.0", ">= 1.0.0", "<2", "=1.2.3", ">=1.2.0 <3", "1.0.0 - 2.0.0", "1.2 - 2", "1.0.0 || 2.0.0", "^1||^2",
			">=1.2.3-rc.1 <2 || ~3.1",
		}, map[string]string{
			"": "missing", " ": "missing", "v1.2.3": `write "1.2.3"`, "v1.x": `write "1.x"`, " 1.2.3": `write "1.2.3"`, "^1.2.3\n": `write "^1.2.3"`,
			"*": "every version", "x": "every version", "X.x": "every version", "^*": "every version", ">=x": "every version", "1.x ||": "every version",
			"|| 1.x": "every version", "^1 || *": "every version", "~> 1.2": "Terraform writes", "~>1.2": "Terraform writes",
			"latest": "tag", "next": "tag", "https://x/y.tgz": "URL", "git+ssh://x": "URL", "file:../x": "path", "../x": "path", "a\\b": "path",
			"npm:a@1.2.3": "alias", "workspace:*": "alias", "github:a/b": "git reference", "a/b#main": "git reference", "#main": "neither",
			"1.2.3+build": `write "1.2.3"`, "1.2.3.4": "neither", "01.2.3": "neither", "1.2.3-": "neither", "1.2.3-01": "neither", "1.2.3-a..b": "neither", "^1.2.3 - 2.0.0": "neither",
			">=1, <2": "neither", "^^1": "neither", "1.x.3": "neither", "1 -2": "neither", "1.2.3 && 2": "neither", "!1.2.3": "neither", "1.2.3\n^2": "neither",
			"^1.2.3 --registry": "neither", "$(id)": "neither", strings.Repeat("1 ", 200): "at most 256", "99999999999999999": "neither",
		}},
		{SecretName, orbit.CodeInvalidRequest, []string{"A", "ARGOCD_TOKEN", "_x1"}, map[string]string{"": "", "1A": "", "A-B": "", "A B": "", "A:-b": "", "A}": ""}},
	} {
		for _, name := range c.good {
			if got := c.check(name); got != nil {
				t.Errorf("%q is refused: %v", name, got)
			}
		}
		for name, words := range c.bad {
			got := c.check(name)
			if len(got) != 1 || got[0].Code != c.code || got[0].Severity != orbit.SeverityError || !strings.Contains(got[0].Message, words) {
				t.Errorf("%q: got %+v, want %s with %q", name, got, c.code, words)
			}
		}
	}
}

func TestARangeIsToldFromAnExactVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1.2.3": false, "1.2.3-beta.1": false, "1.2": true, "^1.2.3": true, "=1.2.3": true, "1.2.3 - 1.2.3": true} {
		if got := IsRange(text); got != want {
			t.Errorf("IsRange(%q) = %v", text, got)
		}
	}
}

func TestAnInstanceIsCheckedAlone(t *testing.T) {
	t.Parallel()
	spec := orbit.InstanceSpec{
		MemoryLimitMiB: 100, Config: "backend:\n  listen: ':80'\nx: ${A} ${B}\n",
		Plugins: map[string]orbit.PluginSpec{
			"p": {Version: "1.0.0", Config: "x: 1\ny: {$file: z}\n"},
			"q": {Version: "latest", Config: "x: 2\nz: ${C:-d}\n"},
			"r": {Version: "1.0.0", Config: "a: ["},
		},
	}
	var got []string
	for _, d := range Instance("Acme", spec, Names{"A", "1"}) {
		got = append(got, strings.Join([]string{string(d.Code), d.Plugin, d.Path}, " "))
	}
	want := []string{
		"invalid_workspace  workspace", "invalid_request  memory_limit_mib", "invalid_request  secrets", "managed_key  backend.listen",
		"undefined_secret  x", `forbidden_directive p y["$file"]`, "invalid_version q version", "invalid_document r ", "conflicting_paths q x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	good := orbit.InstanceSpec{MemoryLimitMiB: 1024, Config: "x: ${A}", Plugins: map[string]orbit.PluginSpec{"p": {Version: "1.0.0"}}}
	if got := Instance("acme", good, Names{"A"}); got != nil {
		t.Errorf("got %v", got)
	}
	if got := Instance("acme", good, nil); got != nil {
		t.Errorf("unknown secrets: got %v", got)
	}
	if got := Instance("acme", good, Names{}); len(got) != 1 || got[0].Code != orbit.CodeUndefinedSecret {
		t.Errorf("no secrets: got %v", got)
	}
}
