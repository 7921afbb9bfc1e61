package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/browsertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// portal is an orbitd with two workspaces, and a person's browser that has both of them open.
type portal struct {
	*world
	browser      *browsertest.Browser
	acme, globex *browsertest.Page
	// fetching is closed when acme's template fetches its skeleton, which it gets when the test lets it.
	fetching    <-chan struct{}
	letItHaveIt func()
}

// TestPortal works in the web app as people do. Its steps build on each other.
func TestPortal(t *testing.T) { //nolint:tparallel // its steps build on each other
	t.Parallel()
	p := newPortal(t)
	for _, step := range []struct {
		name string
		run  func(t *testing.T, p *portal)
	}{
		{"a guest signs in on two workspaces and sees each one's own component", signIn},
		{"a title that would be a script is text", showTitle},
		{"the page of a component shows what is known of it", readComponent},
		{"an API is read", readAPI},
		{"documentation is read", readDocs},
		{"a component is found", search},
		{"a notification arrives while the page is open", notify},
		{"a template runs to its end while a change restarts the instance", runTemplate},
		{"the operator's page shows that restart, and why it was one", operate},
		{"five restarts fail no request and end no session", restartFiveTimes},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, p) }) {
			return // the next steps stand on this one
		}
	}
}

// hostileTitle ends the element that the page has its title in, and goes on with one that loads something.
const hostileTitle = `Globex</title><img src="/hostile.png">`

func newPortal(t *testing.T) *portal {
	t.Helper()
	if os.Getenv("ORBIT_TEST_BUNDLE") == "" {
		t.Skip("needs the release installed (ORBIT_TEST_BUNDLE): make test sees to it")
	}
	p := &portal{browser: browsertest.Start(t), world: &world{dir: openFolder(t)}}
	p.launch(t, nil, "--drain-timeout", "1m")
	server := httptest.NewServer(p.skeletons())
	t.Cleanup(server.Close)
	t.Cleanup(p.letItHaveIt)
	changes := []*orbit.Change{
		p.create(t, "acme", "Acme", server.URL),
		p.create(t, "globex", hostileTitle, server.URL),
	}
	for _, change := range changes {
		if fate := p.fate(t, change); fate.State != orbit.ChangeApplied {
			t.Fatalf("%s is %s: %v", fate.Workspace, fate.State, fate.Problem)
		}
	}
	p.acme, p.globex = p.browser.Page(t), p.browser.Page(t)
	return p
}

// skeletons is where a template fetches from.
func (p *portal) skeletons() http.Handler {
	fetching, given := make(chan struct{}), make(chan struct{})
	p.fetching, p.letItHaveIt = fetching, sync.OnceFunc(func() { close(given) })
	fetched := sync.OnceFunc(func() { close(fetching) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched()
		<-given
		_, _ = w.Write([]byte("# A service\n"))
	})
}

// create declares a workspace whose catalog is a file of testdata. skeletons is where its templates fetch.
func (p *portal) create(t *testing.T, workspace, title, skeletons string) *orbit.Change {
	t.Helper()
	catalog := p.share(t, workspace+".yaml", skeletons)
	config, err := json.Marshal(map[string]any{
		"app":          map[string]any{"title": title},
		"organization": map[string]any{"name": workspace},
		"auth": map[string]any{"providers": map[string]any{"guest": map[string]any{
			"userEntityRef": "user:default/guest", "dangerouslyAllowOutsideDevelopment": true,
		}}},
		"backend": map[string]any{"reading": map[string]any{"allow": []any{
			map[string]any{"host": strings.TrimPrefix(skeletons, "http://")},
		}}},
		"catalog": map[string]any{
			"rules":     []any{map[string]any{"allow": []string{"Component", "API", "Resource", "System", "Group", "User", "Template"}}},
			"locations": []any{map[string]any{"type": "file", "target": catalog}},
		},
		"search": map[string]any{"collators": map[string]any{"catalog": map[string]any{"schedule": map[string]any{
			"initialDelay": map[string]any{"seconds": 1}, "frequency": map[string]any{"seconds": 5}, "timeout": map[string]any{"minutes": 1},
		}}}},
		"techdocs": map[string]any{
			"builder":   "external",
			"publisher": map[string]any{"type": "local", "local": map[string]any{"publishDirectory": filepath.Join(p.dir, "portal", "docs")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	change, err := p.client.PutInstance(t.Context(), workspace, orbit.IfAbsent(), orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: "1.55.0", Config: string(config), MemoryLimitMiB: orbit.DefaultMemoryLimitMiB,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// share puts testdata/portal where instances can read it, and in the file of the catalog the address of skeletons.
func (p *portal) share(t *testing.T, catalog, skeletons string) string {
	t.Helper()
	shared := filepath.Join(p.dir, "portal")
	if _, err := os.Stat(shared); err != nil {
		if err := os.CopyFS(shared, os.DirFS(filepath.Join("testdata", "portal"))); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(shared, catalog)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(content), "http://skeletons.example", skeletons)), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// url is a page of a workspace.
func (p *portal) url(workspace, path string) string {
	_, port, _ := strings.Cut(p.gateway, ":")
	return "http://" + workspace + ".localhost:" + port + path
}
