package bundle_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// A company's own registry serves one scope, and wants a token; all else comes from the usual one.
func TestAScopeOfAPrivateRegistryIsInstalledWithItsTokenFromNpmrc(t *testing.T) {
	t.Parallel()
	private := npmtest.NewRegistry(t, npmtest.Plugin(alpha.Package, alpha.Version, "alpha").Needs(map[string]string{"extra": "*"}))
	private.RequireToken("@acme", "hunter2")
	l := newLab(t, npmtest.Package{Name: "extra", Version: "1.0.0"})
	for _, c := range []struct {
		name, line string
		refused    bool
	}{
		{"no token", "", true},
		{"a wrong token", private.TokenLine("hunter3"), true},
		{"the token", private.TokenLine("hunter2"), false},
	} {
		var log bytes.Buffer
		l.npm = l.registry.Client("@acme:registry="+private.URL()+"/", c.line)
		store := l.open(t, bundle.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		built, err := store.Ensure(t.Context(), l.release, []bundle.Plugin{alpha})
		if !c.refused {
			if err != nil {
				t.Fatalf("with %s: %v", c.name, err)
			}
			read(t, built.Dir, "node_modules", alpha.Package, "package.json")
			read(t, built.Dir, "node_modules", "extra", "package.json")
			mentionsNothing(t, log.String(), l.cache)
			continue
		}
		var found *bundle.Error
		if !errors.As(err, &found) || found.Code != orbit.CodeInstallFailed || found.Plugin != alpha.Package ||
			!strings.Contains(found.Detail, ".npmrc") {
			t.Errorf("with %s Ensure gave %v, want that .npmrc needs a token", c.name, err)
		}
		mentionsNothing(t, log.String()+err.Error(), l.cache)
	}
}

// mentionsNothing looks for the tokens in what orbitd said and in all that is in the cache.
func mentionsNothing(t *testing.T, said, cache string) {
	t.Helper()
	if strings.Contains(said, "hunter") {
		t.Errorf("a credential was told: %s", said)
	}
	err := filepath.WalkDir(cache, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("hunter")) {
			t.Errorf("a credential is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
