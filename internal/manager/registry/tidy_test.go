package registry_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

func TestWhatNobodyNeedsIsRemovedAtTheStart(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	dir := filepath.Join(cache, "metadata")
	for name, age := range map[string]time.Duration{
		"renewed.json": 20 * 24 * time.Hour, "forgotten.json": 40 * 24 * time.Hour,
		".package-1/x.tgz": time.Minute, ".audit-2/package.json": 2 * time.Hour,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, one := range []string{path, filepath.Dir(path)} {
			if err := os.Chtimes(one, time.Time{}, time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	openIn(t, cache, npm.Client{})
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{".package-1", "renewed.json"}, left); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}
