package webapp_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// workshop has a release of one frontend package, a plugin for it, and a cache.
type workshop struct {
	store   *bundle.Store
	release bundle.Release
	cache   string
}

var plugin = bundle.Plugin{Package: "@acme/plugin-graph", Version: "1.0.0"}

func newWorkshop(t *testing.T) workshop {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("needs npm: ", err)
	}
	registry := npmtest.NewRegistry(t, npmtest.Package{Name: "frame", Version: "1.0.0"},
		npmtest.Package{Name: plugin.Package, Version: plugin.Version})
	lock, err := json.Marshal(map[string]any{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": map[string]any{
		"":                   map[string]any{"name": "app", "version": "1.0.0", "dependencies": map[string]any{"frame": "1.0.0"}},
		"node_modules/frame": map[string]any{"version": "1.0.0", "integrity": registry.Integrity("frame", "1.0.0")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := workshop{cache: t.TempDir(), release: bundle.Release{
		Version: "1.0.0", Lockfile: lock, LegacyPeers: true,
		Manifest: []byte(`{"name":"app","version":"1.0.0","dependencies":{"frame":"1.0.0"}}`),
	}}
	if w.store, err = bundle.NewStore(bundle.Options{Dir: w.cache, NPM: registry.Client()}); err != nil {
		t.Fatal(err)
	}
	return w
}

// builder builds with a program in place of Backstage's.
func (w workshop) builder(program string) *webapp.Builder {
	return webapp.New(webapp.Options{
		Store: w.store, Sources: fstest.MapFS{"build.cjs": &fstest.MapFile{Data: []byte(program)}}, SourcesHash: program,
		Node: func(context.Context) (string, error) { return exec.LookPath("node") },
	})
}

// lists builds an app that says which packages it was built with, and that it knows no more of its surroundings than it
// has to. The module that it writes beside the packages is not to reach the bundle.
const lists = `const fs = require('node:fs');
fs.mkdirSync('node_modules/__made__');
fs.mkdirSync('dist/static', { recursive: true });
fs.writeFileSync('dist/static/main.js', Object.keys(JSON.parse(fs.readFileSync('package.json')).dependencies).sort().join(' '));
fs.writeFileSync('dist/environment', Object.keys(process.env).sort().join(' '));`

func ignore(string) {}

func TestAnAppIsBuiltOnceForAllThatAreMadeOfTheSame(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	b := w.builder(lists)
	if _, built := b.Find(w.release, nil); built {
		t.Fatal("an app is built that nobody asked for")
	}
	var all sync.WaitGroup
	apps := make([]webapp.App, 3)
	for i := range apps {
		all.Go(func() {
			var err error
			if apps[i], err = b.Ensure(t.Context(), w.release, nil, ignore); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if apps[0] != apps[1] || apps[1] != apps[2] {
		t.Errorf("apps %v", apps)
	}
	if found, built := b.Find(w.release, nil); !built || found != apps[0] {
		t.Errorf("Find gives %v, %v", found, built)
	}
	with, err := b.Ensure(t.Context(), w.release, []bundle.Plugin{plugin}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	for app, want := range map[webapp.App]string{apps[0]: "frame", with: "@acme/plugin-graph frame"} {
		if got := read(t, app, "dist/static/main.js"); got != want {
			t.Errorf("an app is built with %q, want %q", got, want)
		}
	}
	if other, _ := w.builder(lists+"\n").Find(w.release, nil); other == apps[0] {
		t.Error("an app of other sources has the same place")
	}
}

func TestScriptsAndStylesArePackedForBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	app, err := w.builder(`const fs = require('node:fs');
fs.mkdirSync('dist/static', { recursive: true });
for (const name of ['a.js', 'b.css', 'c.png']) fs.writeFileSync('dist/static/' + name, 'the content of ' + name);`).
		Ensure(t.Context(), w.release, nil, ignore)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.js", "b.css"} {
		file, err := os.Open(filepath.Join(app.Dir, "dist", "static", name+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		reader, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(reader); err != nil || string(content) != "the content of "+name {
			t.Errorf("%s is packed as %q, %v", name, content, err)
		}
		_ = file.Close()
	}
	if _, err := os.Stat(filepath.Join(app.Dir, "dist", "static", "c.png.gz")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a picture is packed: %v", err)
	}
}

func TestAnAppIsReadOnlyAndTheBuildLeavesNothingBeside(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	app, err := w.builder(lists).Ensure(t.Context(), w.release, nil, ignore)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(app.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o444)
		if entry.IsDir() {
			want = 0o755
		} else {
			name, _ := filepath.Rel(app.Dir, path)
			files = append(files, name)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dist/environment", "dist/static/main.js", "dist/static/main.js.gz", "package.json"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if made, err := filepath.Glob(filepath.Join(w.cache, "bundles", "*", "node_modules", "__made__")); err != nil || len(made) > 0 {
		t.Errorf("the build wrote to the bundle: %v, %v", made, err)
	}
}

func TestABuildSeesNothingOfTheEnvironment(t *testing.T) {
	t.Setenv("ORBIT_SEALING_KEY", "secret")
	w := newWorkshop(t)
	app, err := w.builder(lists).Ensure(t.Context(), w.release, nil, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, app, "dist/environment"); got != "HOME NODE_ENV NO_COLOR PATH TMPDIR" {
		t.Errorf("the build sees %s", got)
	}
}

func TestAnAppThatDoesNotBuildSaysWhyInTheCompilersWords(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	const fails = `console.error("Loaded config\n\u001b[31m\nError: Failed to compile '../../b/node_modules/@acme/plugin-graph/dist/index.js':\n" +
"  Module not found: Can't resolve 'd3' in '" + process.cwd() + "/node_modules/@acme/plugin-graph/dist'"); process.exitCode = 1`
	_, err := w.builder(fails).Ensure(t.Context(), w.release, []bundle.Plugin{plugin}, ignore)
	var failure *bundle.Error
	if !errors.As(err, &failure) {
		t.Fatalf("the error is %v", err)
	}
	want := bundle.Error{
		Code: orbit.CodeAppBuildFailed, Plugin: plugin.Package,
		Detail: "the web app does not build with it: Failed to compile 'node_modules/@acme/plugin-graph/dist/index.js':\n" +
			"  Module not found: Can't resolve 'd3' in 'node_modules/@acme/plugin-graph/dist'",
	}
	if diff := cmp.Diff(want, *failure); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if left, err := os.ReadDir(filepath.Join(w.cache, "derived")); err != nil || len(left) > 0 {
		t.Errorf("the build left %v, %v", left, err)
	}
}

func TestALinkInWhatWasBuiltIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	const links = `const fs = require('node:fs'); fs.mkdirSync('dist'); fs.symlinkSync('/etc/passwd', 'dist/passwd')`
	if _, err := w.builder(links).Ensure(t.Context(), w.release, nil, ignore); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("the error is %v", err)
	}
}

func TestACancelledBuildEndsWithAllItStarted(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const hangs = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
console.log('x'); setInterval(() => {}, 1e6)`
	_, err := w.builder(hangs).Ensure(ctx, w.release, nil, func(doing string) {
		if strings.HasPrefix(doing, "building") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(w.cache, "derived")); err != nil || len(left) > 0 {
		t.Errorf("the build left %v, %v", left, err)
	}
}

func read(t *testing.T, app webapp.App, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(app.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
