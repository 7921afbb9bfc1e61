package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

// cacheWith is a cache with one bundle, of a release that is this orbitd's by name.
func cacheWith(t *testing.T) (cache string, installed bundle.Bundle) {
	t.Helper()
	cache = t.TempDir()
	fake := npmtest.NewFake(t, "mkdir -p node_modules/base && echo base >node_modules/base/package.json")
	store, err := bundle.NewStore(bundle.Options{Dir: cache, NPM: npm.Client{Path: fake.Path()}})
	if err != nil {
		t.Fatal(err)
	}
	version := backstage.Default().Version
	installed, err = store.Ensure(t.Context(), bundle.Release{
		Version: version, Manifest: []byte(`{"name":"r","version":"` + version + `"}`),
		Lockfile: []byte(`{"lockfileVersion":3,"packages":{"":{},"node_modules/base":{"version":"1.0.0"}}}`),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cache, installed
}

// runBundle runs `orbitd bundle` on the cache and returns what it prints, errors too, and its exit code.
func runBundle(t *testing.T, cache, what string, arguments ...string) (output string, code int) {
	t.Helper()
	var out bytes.Buffer
	root := command()
	root.Writer, root.ErrWriter = &out, &out
	err := root.Run(t.Context(), append([]string{"orbitd", "bundle", what, "--cache-dir", cache}, arguments...))
	var coded cli.ExitCoder
	switch {
	case errors.As(err, &coded):
		code = coded.ExitCode()
	case err != nil:
		code = 1
		out.WriteString(err.Error())
	}
	return out.String(), code
}

func TestBundleLsListsWhatIsInstalled(t *testing.T) {
	t.Parallel()
	cache, installed := cacheWith(t)
	said, code := runBundle(t, cache, "ls")
	if lines := strings.Split(strings.TrimSpace(said), "\n"); code != 0 || len(lines) != 2 ||
		!strings.HasPrefix(lines[1], installed.Hash+"  r    "+backstage.Default().Version) {
		t.Errorf("it says, with code %d:\n%s", code, said)
	}
	said, _ = runBundle(t, cache, "ls", "--json")
	var list []bundle.Info
	if err := json.Unmarshal([]byte(said), &list); err != nil || len(list) != 1 || list[0].Hash != installed.Hash {
		t.Errorf("as JSON it says, %v:\n%s", err, said)
	}
}

func TestBundleVerifyEndsWithOneOnDamage(t *testing.T) {
	t.Parallel()
	cache, installed := cacheWith(t)
	if said, code := runBundle(t, cache, "verify"); code != 0 || !strings.Contains(said, "3 files as installed") {
		t.Errorf("of a whole bundle it says, with code %d: %s", code, said)
	}
	if err := os.Remove(filepath.Join(installed.Dir, "node_modules", "base", "package.json")); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{nil, {installed.Hash}, {"--json", installed.Hash}} {
		said, code := runBundle(t, cache, "verify", arguments...)
		if code != 1 || !strings.Contains(said, "missing") || !strings.Contains(said, "node_modules/base/package.json") {
			t.Errorf("with %q it says, with code %d: %s", arguments, code, said)
		}
	}
}

func TestBundleGCRemovesWhatNobodyUsedForLong(t *testing.T) {
	t.Parallel()
	cache, installed := cacheWith(t)
	long := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(filepath.Join(cache, "used", installed.Hash), long, long); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		says      string
		code      int
		left      bool
	}{
		{nil, "removed 0", 0, true},
		{[]string{"--older-than", "1h"}, "--force", 1, true},
		{[]string{"--older-than", "1h", "--dry-run"}, "would remove " + installed.Hash, 0, true},
		{[]string{"--older-than", "99h", "--json"}, `"hash": "` + installed.Hash, 0, false},
	} {
		said, code := runBundle(t, cache, "gc", c.arguments...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("with %q it says, with code %d: %s", c.arguments, code, said)
		}
		if _, err := os.Stat(installed.Dir); (err == nil) != c.left {
			t.Errorf("after %q the bundle is left: %v", c.arguments, err == nil)
		}
	}
}
