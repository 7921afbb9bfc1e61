package changeplan

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// observe runs the packages that listen, those of the release in ORBIT_TEST_BUNDLE, with changing configs.
func observe(t *testing.T, what string, want any) {
	t.Helper()
	release := os.Getenv("ORBIT_TEST_BUNDLE")
	if release == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	modules := filepath.Join(release, "node_modules")
	output, err := exec.CommandContext(t.Context(), bundle.Node(release), "testdata/live.cjs", modules, what).Output()
	if err != nil {
		t.Fatalf("run %s: %v", what, err)
	}
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	var got any
	if err := json.Unmarshal(lines[len(lines)-1], &got); err != nil {
		t.Fatalf("read %q: %v", output, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLiveProxyEndpoints(t *testing.T) {
	t.Parallel()
	observe(t, "proxy", map[string]any{
		"unset": 404.0, "added": "a", "changed": "b", "removed": 404.0, "deprecated": "a",
		// What is not live, or only by half.
		"reordered": "a", "openAfterClosing": []any{"/o"}, "websocketsAfterRemoval": 1.0, "goodAfterBad": 404.0,
	})
}

func TestLiveCatalogLocations(t *testing.T) {
	t.Parallel()
	// At start, one location, (its rules, which nobody is told of,) another location, none.
	observe(t, "catalog", []any{[]any{}, []any{"url:a"}, []any{"url:a", "url:b"}, []any{}})
}

func TestLiveLoggerOverrides(t *testing.T) {
	t.Parallel()
	observe(t, "logger", map[string]any{"before": false, "override": true, "level": false})
}
