// Package npmtest stands in for npm, and for the registry, in tests.
package npmtest

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed npm.sh
var program []byte

// Fake is an npm that runs a shell script in place of every command. $home is a folder that its calls share.
type Fake struct {
	t testing.TB
	// Home is the folder that the calls share, $home in the script.
	Home string
}

// NewFake returns an npm that runs the script.
func NewFake(t testing.TB, script string) Fake {
	t.Helper()
	f := Fake{t, t.TempDir()}
	f.Runs(script)
	if err := os.WriteFile(f.Path(), program, 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// Path is the path of npm.
func (f Fake) Path() string { return filepath.Join(f.Home, "npm") }

// Runs changes the script.
func (f Fake) Runs(script string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.Home, "script"), []byte(script), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// Calls are the lines that the script wrote to $home/calls.
func (f Fake) Calls() []string {
	text, err := os.ReadFile(filepath.Join(f.Home, "calls"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
