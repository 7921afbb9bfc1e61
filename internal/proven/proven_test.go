package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func readFile(file string) (string, error) {
	text, err := os.ReadFile(file)
	return string(text), err
}

func TestEveryListedPackageHasAResultAndEveryHintAPackage(t *testing.T) {
	t.Parallel()
	text, err := readFile("../../" + listFile)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := parseList(text)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[string]bool{}
	root := "../../" + configDir
	found, err := filepath.Glob(root + "/@*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		hints[name[:len(name)-len(".yaml")]] = true
	}
	proven := results(backstage.Proven(backstage.Default().Version))
	for _, e := range entries {
		if _, known := proven.of(backstage.Default().Version, e.subject.name); !known {
			t.Errorf("%s is listed and has no result: run make proven", e.subject.name)
		}
		for _, w := range e.all() {
			if _, err := hint(root, w.name); err != nil {
				t.Error(err)
			}
			delete(hints, w.name)
		}
	}
	for name := range hints {
		t.Errorf("there is config for %s, which is not listed", name)
	}
	if len(proven) != len(entries) {
		t.Errorf("%d packages have results, %d are listed", len(proven), len(entries))
	}
}

func TestConfigIsLayered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"plugin": "a: {from: plugin, plugin: true}", "@a/module": "a: {from: module}", "broken": "a: [",
	} {
		file := filepath.Join(dir, name+".yaml")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	demanded, _ := appconfig.Parse("a: {from: schema, schema: true}")
	e := entry{subject: wanted{name: "@a/module"}, with: []wanted{{name: "plugin"}, {name: "needs-nothing"}}}
	got, err := document(dir, e, demanded)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"a":{"from":"module","plugin":true,"schema":true}}`, string(got.Canonical())); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if _, err := document(dir, entry{subject: wanted{name: "broken"}}, demanded); err == nil {
		t.Error("config that does not parse is no error")
	}
}

func TestInitialisedPluginsAreReadFromTheLog(t *testing.T) {
	t.Parallel()
	got := initialised([]string{
		`{"message":"Plugin initialization started: 'auth', 'late', 'todo'"}`,
		`{"message":"Plugin initialization in progress, newly initialized: 'auth', 'todo', still initializing: 'late', 'never'"}`,
		`{"message":"newly initialized: 'forged'"}`,
		`not JSON`,
		`{"message":"Plugin initialization complete, newly initialized: 'late'"}`,
	})
	if diff := cmp.Diff(map[string]bool{"auth": true, "todo": true, "late": true}, got); diff != "" {
		t.Errorf("plugins (-want +got):\n%s", diff)
	}
}

func TestAPluginHasToBeInItAndAModuleHasNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	release := backstage.Release{Packages: []orbit.ReleasePackage{{Name: "inside", Version: "1.0.0"}}}
	base, more := map[string]bool{"auth": true}, map[string]bool{"auth": true, "todo": true}
	for name, c := range map[string]struct {
		name, role string
		now        map[string]bool
		in         bool
	}{
		"a plugin that came up":    {"p", "backend-plugin", more, true},
		"a plugin that did not":    {"p", "backend-plugin", base, false},
		"a module":                 {"m", "backend-plugin-module", base, true},
		"one that the release has": {"inside", "backend-plugin", base, true},
	} {
		r := resolved{entry: entry{subject: wanted{name: c.name}}, release: release, role: c.role}
		if err := r.isIn(c.now, base); (err == nil) != c.in {
			t.Errorf("%s: %v, want it in: %v", name, err, c.in)
		}
	}
}

func TestTheNewestOfWhatNpmAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"version": "1.2.3", "backstage": {"role": "backend-plugin"}}`: "1.2.3",
		`[{"version": "1.0.0"}, {"version": "1.1.0"}]`:                  "1.1.0",
	} {
		got, err := newest([]byte(answer))
		if err != nil || got.Version != want {
			t.Errorf("%s is %q, %v, want %s", answer, got.Version, err, want)
		}
	}
	if _, err := newest([]byte(`[]`)); !errors.As(err, new(*missing)) {
		t.Errorf("no version at all gives %v", err)
	}
}

func TestOnlyAMissingPackageIsAnAnswer(t *testing.T) {
	t.Parallel()
	for stdout, absent := range map[string]bool{
		`{"error": {"code": "E404", "summary": "Not Found"}}`:          true,
		`{"error": {"code": "ETARGET", "summary": "No such version"}}`: true,
		`{"error": {"code": "ECONNREFUSED", "summary": "refused"}}`:    false,
		``: false,
	} {
		if got := errors.As(refusal([]byte(stdout), []byte("words")), new(*missing)); got != absent {
			t.Errorf("%s means that it is missing: %v, want %v", stdout, got, absent)
		}
	}
}
