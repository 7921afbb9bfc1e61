package changeplan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// looksAt are the questions between two documents, as "kind path route".
func looksAt(t *testing.T, before, after string, secretsBefore, secretsAfter map[string]string) []string {
	t.Helper()
	read := func(config string, secrets map[string]string) State {
		state, diagnostics := FromSpec(orbit.InstanceSpec{Release: "1", Config: config}, secrets)
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		return state
	}
	var asked []string
	for _, look := range Looks(read(before, secretsBefore), read(after, secretsAfter)) {
		if look.Within <= 0 {
			t.Errorf("%s has no time", look.Path)
		}
		asked = append(asked, strings.TrimSpace(fmt.Sprintf("%s %s %s", look.Kind, look.Path, look.Route)))
	}
	return asked
}

func TestLooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing live differs": {"app: {title: a}\ncatalog: {locations: [{type: url, target: x}]}", "app: {title: b}\ncatalog: {locations: [{type: url, target: x}]}", nil},
		"routes added, changed, kept and removed": {
			"proxy: {endpoints: {/kept: 'http://k', /changed: 'http://c', /gone: 'http://g'}}",
			"proxy: {endpoints: {/kept: 'http://k', /changed: {target: 'http://c'}, /new: 'http://n'}}",
			[]string{
				"routes proxy.endpoints", `route proxy.endpoints["/changed"] /changed`, `route proxy.endpoints["/new"] /new`,
				`no_route proxy.endpoints["/gone"] /gone`,
			},
		},
		"a removed route below another, which answers for it": {
			"proxy: {endpoints: {/a: 'http://a', /A/b: 'http://b'}}", "proxy: {endpoints: {/a: 'http://a'}}",
			[]string{"routes proxy.endpoints"},
		},
		"a route whose name another one begins with": {
			"proxy: {endpoints: {/a: 'http://a', /ab: 'http://b'}}", "proxy: {endpoints: {/a: 'http://a'}}",
			[]string{"routes proxy.endpoints", `no_route proxy.endpoints["/ab"] /ab`},
		},
		"a route in the deprecated place": {
			"", "proxy: {/a: 'http://a'}", []string{"routes proxy.endpoints", `route proxy["/a"] /a`},
		},
		"routes written in another place": {"proxy: {/a: 'http://a'}", "proxy: {endpoints: {/a: 'http://a'}}", nil},
		"the first location":              {"", "catalog: {locations: [{type: url, target: x}]}", []string{"locations catalog.locations"}},
		"overrides taken away":            {"backend: {logger: {overrides: [{level: debug, matchers: {a: b}}]}}", "", []string{"overrides backend.logger.overrides"}},
		"what readers read, several at once": {
			"techdocs: {builder: local}\nauth: {providers: {guest: {userEntityRef: a}}}",
			"techdocs: {builder: external}\nauth: {providers: {guest: {}}}",
			[]string{"value techdocs.builder", "value auth.providers.guest.userEntityRef"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, looksAt(t, c.before, c.after, nil, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLooksFollowASecret(t *testing.T) {
	t.Parallel()
	const document = "proxy: {endpoints: {/a: {target: 'http://a', headers: {Authorization: '${TOKEN}'}}}}"
	got := looksAt(t, document, document, map[string]string{"TOKEN": "1"}, map[string]string{"TOKEN": "2"})
	if diff := cmp.Diff([]string{"routes proxy.endpoints", `route proxy.endpoints["/a"] /a`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLooksAtManyRoutesAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "/r%d: 'http://a', ", i)
	}
	if got := looksAt(t, "", "proxy: {endpoints: {"+b.String()+"}}", nil, nil); len(got) != maxRoutes+1 {
		t.Errorf("%d questions, want %d", len(got), maxRoutes+1)
	}
}
