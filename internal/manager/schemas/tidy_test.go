package schemas_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/schemas"
)

func TestWhatADeadOrbitdLeftIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := time.Now().Add(-2 * time.Hour)
	for name, left := range map[string]bool{
		".reading-1": true, "orbit-schema-1": true, ".keeping-1": true, ".reading-2": false, "0123.json": true,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "0"), 0o700); err != nil {
			t.Fatal(err)
		}
		if left {
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := schemas.New(schemas.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{".reading-2", "0123.json"}; !slices.Equal(names, want) {
		t.Errorf("the folder holds %q, want %q: what is kept, and what somebody may be reading now", names, want)
	}
}
