package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestArtefactsOfARunAreItsOwn(t *testing.T) {
	t.Setenv(artefactsVariable, "")
	r := &run{dir: t.TempDir()}
	left := filepath.Join(r.dir, ".orbit", "artefacts", "of-an-earlier-run.png")
	if err := os.MkdirAll(filepath.Dir(left), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := r.artefacts()
	if err != nil || folder != filepath.Dir(left) {
		t.Fatalf("the folder is %s (%v), want %s", folder, err, filepath.Dir(left))
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("it has %v (%v), want nothing", entries, err)
	}
}

func TestArtefactsGoWhereTheEnvironmentSays(t *testing.T) {
	t.Setenv(artefactsVariable, "/somewhere/else")
	if folder, err := (&run{dir: t.TempDir()}).artefacts(); err != nil || folder != "/somewhere/else" {
		t.Errorf("the folder is %s (%v)", folder, err)
	}
}
