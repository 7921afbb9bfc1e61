package secret_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

// keysIn are the keys of the data directory's own key file.
func keysIn(t *testing.T, dir string) (keys [][]byte) {
	t.Helper()
	name := filepath.Join(dir, secret.KeyFileName)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file's mode is %v, %v, want 0600", info.Mode(), err)
	}
	for _, line := range strings.Fields(string(content)) {
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func TestARotationLeavesAKeyForEveryValueAtEveryStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := load(t, secret.Source{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	old := keysIn(t, dir)[0]
	before := seal(t, first, "s3cret", "here")
	rotation, err := secret.NewRotation(t.Context(), secret.Source{}, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if !rotation.Owned || len(keysIn(t, dir)) != 1 {
		t.Fatalf("before it begins the file has %d keys, want the old one", len(keysIn(t, dir)))
	}
	if err := rotation.Prepare(); err != nil {
		t.Fatal(err)
	}
	after := seal(t, rotation.Keyring, "s3cret", "here")
	keys := keysIn(t, dir)
	if len(keys) != 2 || secret.KeyID(keys[0]) != after.KeyID || secret.KeyID(keys[1]) != before.KeyID {
		t.Fatalf("prepared, the file has %d keys, want the new one and then the old one", len(keys))
	}
	// Whatever the store's transaction came to: a start opens what is there, and seals with the new key.
	ring, err := load(t, secret.Source{}, dir, old, keys[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, sealed := range []secret.Sealed{before, after} {
		if plain, err := ring.Open(sealed, "here"); err != nil || string(plain) != "s3cret" {
			t.Errorf("a value does not open after a crash: %q, %v", plain, err)
		}
	}
	if ring.SealingKeyID() != after.KeyID {
		t.Error("after a crash it is the old key that seals")
	}
	if err := rotation.Finish(); err != nil {
		t.Fatal(err)
	}
	if keys := keysIn(t, dir); len(keys) != 1 || secret.KeyID(keys[0]) != after.KeyID {
		t.Errorf("finished, the file has %d keys, want the new one alone", len(keys))
	}
	var missing *secret.MissingKeyError
	if _, err := load(t, secret.Source{}, dir, old); !errors.As(err, &missing) {
		t.Errorf("a value of the old key gives %v, want a MissingKeyError", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v, want the key file alone", len(entries), err)
	}
}

func TestARotationOfSomebodyElsesKeyLeavesFilesAlone(t *testing.T) {
	t.Parallel()
	const old, fresh = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	oldFile, newFile, dir := write(t, 0o600, old), write(t, 0o600, fresh), t.TempDir()
	rotation, err := secret.NewRotation(t.Context(), secret.Source{File: oldFile}, dir, newFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(rotation.Prepare(), rotation.Finish()); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); rotation.Owned || len(entries) > 0 {
		t.Errorf("it wrote %v", entries)
	}
	if content, _ := os.ReadFile(oldFile); string(content) != old {
		t.Error("it changed a file that is not orbitd's")
	}
	// A link in the data directory leads to where somebody else keeps the key.
	if err := os.Symlink(oldFile, filepath.Join(dir, secret.KeyFileName)); err != nil {
		t.Fatal(err)
	}
	if rotation, err := secret.NewRotation(t.Context(), secret.Source{}, dir, newFile); err != nil || rotation.Owned {
		t.Errorf("the key file behind a link is taken for orbitd's own (%v)", err)
	}
	for what, c := range map[string]struct {
		source secret.Source
		file   string
		says   string
	}{
		"no new key":        {secret.Source{Value: old}, "", "--new-sealing-key-file"},
		"the same file":     {secret.Source{File: oldFile}, oldFile, "another file"},
		"no file":           {secret.Source{File: oldFile}, filepath.Join(dir, "missing"), "missing"},
		"open to everybody": {secret.Source{File: oldFile}, write(t, 0o644, fresh), "chmod 600"},
		"no present key":    {secret.Source{File: filepath.Join(dir, "gone")}, newFile, "present sealing key"},
	} {
		_, err := secret.NewRotation(t.Context(), c.source, dir, c.file)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), fresh) {
			t.Errorf("%s: got %v, want it to mention %q", what, err, c.says)
		}
	}
}
