package npmtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// Registry is an npm registry in memory, on a port of its own, for the real npm. It may be changed while npm runs.
type Registry struct {
	t      testing.TB
	server *httptest.Server
	ended  chan struct{} // closed before the server waits for its requests

	mu         sync.Mutex
	packages   map[string][]release // by name, in the order that they were added
	tokens     map[string]string    // by scope, with its @
	advisories map[string][]Advisory
	faults     []Fault
	requests   []string
}

// release is one version of a package.
type release struct {
	Package
	tarball []byte
}

// NewRegistry starts a registry with these packages. It ends with the test. Where the tests run short it skips the test,
// because npm takes long to start.
func NewRegistry(t testing.TB, packages ...Package) *Registry {
	t.Helper()
	if testing.Short() {
		t.Skip("runs npm")
	}
	r := &Registry{
		t: t, ended: make(chan struct{}), packages: map[string][]release{}, tokens: map[string]string{},
		advisories: map[string][]Advisory{},
	}
	r.server = httptest.NewServer(r)
	t.Cleanup(func() {
		close(r.ended)
		r.server.CloseClientConnections()
		r.server.Close()
	})
	r.Publish(packages...)
	return r
}

// URL is the registry's address, without a slash at its end.
func (r *Registry) URL() string { return r.server.URL }

// Publish adds packages, or other versions of them. A version that is there is replaced.
func (r *Registry) Publish(packages ...Package) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range packages {
		tarball, err := p.pack()
		if err != nil {
			r.t.Fatalf("pack %s@%s: %v", p.Name, p.Version, err)
		}
		r.packages[p.Name] = slices.DeleteFunc(r.packages[p.Name], func(other release) bool { return other.Version == p.Version })
		r.packages[p.Name] = append(r.packages[p.Name], release{p, tarball})
	}
}

// Integrity is the hash that the registry states of a package; "" for one that it does not have.
func (r *Registry) Integrity(name, version string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, release := range r.packages[name] {
		if release.Version == version {
			integrity, _ := release.dist(r.URL())["integrity"].(string)
			return integrity
		}
	}
	return ""
}

// RequireToken demands this bearer token of whoever asks for a package of the scope, "@acme" for example. TokenLine
// is how npm is given it.
func (r *Registry) RequireToken(scope, token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[scope] = token
}

// TokenLine is the line of an .npmrc that gives npm the token for this registry.
func (r *Registry) TokenLine(token string) string {
	return strings.TrimPrefix(r.URL(), "http:") + "/:_authToken=" + token
}

// Requests are the method and path of every request so far.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Client is an npm that uses this registry and a cache of its own, and nothing of the user's or the machine's
// configuration. lines are what its .npmrc says.
func (r *Registry) Client(lines ...string) npm.Client {
	r.t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		r.t.Fatalf("these tests run npm: %v", err)
	}
	dir := r.t.TempDir()
	files := map[string]string{"npmrc": strings.Join(lines, "\n") + "\n", "globalrc": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	return npm.Client{Env: []string{
		"PATH=" + nodeDir() + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"npm_config_userconfig=" + filepath.Join(dir, "npmrc"),
		"npm_config_globalconfig=" + filepath.Join(dir, "globalrc"),
		"npm_config_cache=" + filepath.Join(dir, "cache"),
		"npm_config_registry=" + r.URL() + "/",
		"npm_config_noproxy=127.0.0.1",
		"npm_config_fetch_retries=0",
	}}
}

// nodeDir is the folder of the release's own node, where one is installed: npm starts faster on it than on the machine's.
func nodeDir() string {
	nodes, _ := filepath.Glob(filepath.Join(os.Getenv("ORBIT_TEST_BUNDLE"), "node_modules", "node-*", "bin"))
	return strings.Join(nodes, string(filepath.ListSeparator))
}

// ServeHTTP answers as a registry does, or as a fault says.
func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, request.Method+" "+request.URL.Path)
	faults := slices.Clone(r.faults)
	r.mu.Unlock()
	for _, fault := range faults {
		if fault(w, request) {
			return
		}
	}
	path := strings.TrimPrefix(request.URL.Path, "/")
	switch {
	case path == "-/npm/v1/security/advisories/bulk":
		r.audit(w, request)
	case path == "-/ping":
		answer(w, http.StatusOK, struct{}{})
	case !r.authorized(path, request.Header.Get("Authorization")):
		refuse(w, http.StatusUnauthorized, "authentication required")
	default:
		r.serve(w, path)
	}
}

func (r *Registry) authorized(path, given string) bool {
	scope, _, _ := strings.Cut(path, "/")
	r.mu.Lock()
	defer r.mu.Unlock()
	token, needed := r.tokens[scope]
	return !needed || given == "Bearer "+token
}

// serve answers with a packument, <name>, or a tarball, <name>/-/<file>.
func (r *Registry) serve(w http.ResponseWriter, path string) {
	name, file, isTarball := strings.Cut(path, "/-/")
	r.mu.Lock()
	releases := slices.Clone(r.packages[name])
	r.mu.Unlock()
	if len(releases) == 0 {
		refuse(w, http.StatusNotFound, "document not found")
		return
	}
	if !isTarball {
		answer(w, http.StatusOK, r.packument(name, releases))
		return
	}
	for _, release := range releases {
		if release.file() == file {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(release.tarball) // npm may have gone
			return
		}
	}
	refuse(w, http.StatusNotFound, "no such tarball")
}

func (r *Registry) packument(name string, releases []release) map[string]any {
	versions, times := map[string]any{}, map[string]string{"created": published, "modified": published}
	var latest *semver.Version
	for _, release := range releases {
		manifest := release.manifest()
		manifest["_id"] = name + "@" + release.Version
		manifest["dist"] = release.dist(r.URL())
		versions[release.Version], times[release.Version] = manifest, published
		version := semver.MustParse(release.Version)
		if latest == nil || latest.Prerelease() != "" || version.Prerelease() == "" && version.GreaterThan(latest) {
			latest = version
		}
	}
	return map[string]any{
		"_id": name, "name": name, "versions": versions, "time": times, "dist-tags": map[string]string{"latest": latest.Original()},
	}
}

// published is when every package was, long enough ago for any minimum age.
const published = "2020-01-01T00:00:00.000Z"

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // npm may have gone
}
