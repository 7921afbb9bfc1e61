package release

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is the repository's.
const root = "../.."

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// readYAML decodes a file of which T has the parts that a test looks at.
func readYAML[T any](t *testing.T, name string) T {
	t.Helper()
	var document T
	if err := yaml.Unmarshal([]byte(readFile(t, name)), &document); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return document
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing matches %s (%v)", pattern, err)
	}
	names := make([]string, len(found))
	for i, path := range found {
		if names[i], err = filepath.Rel(root, path); err != nil {
			t.Fatal(err)
		}
	}
	return names
}
