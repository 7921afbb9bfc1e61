package secret_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

// stored returns a store's answer: values sealed with these keys.
func stored(keys ...[]byte) func(context.Context) ([]string, error) {
	var ids []string
	for _, k := range keys {
		ids = append(ids, secret.KeyID(k))
	}
	return func(context.Context) ([]string, error) { return ids, nil }
}

func load(t *testing.T, source secret.Source, dataDir string, keys ...[]byte) (*secret.Keyring, error) {
	t.Helper()
	return secret.LoadKeyring(t.Context(), source, dataDir, stored(keys...))
}

func write(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTheFirstStartMakesAKeyAndTheNextOnesUseIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := load(t, secret.Source{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, secret.KeyFileName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %04o, want 0600", info.Mode().Perm())
	}
	sealed := seal(t, first, "s3cret", "acme/TOKEN/1")
	second, err := secret.LoadKeyring(t.Context(), secret.Source{}, dir,
		func(context.Context) ([]string, error) { return []string{sealed.KeyID}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := second.Open(sealed, "acme/TOKEN/1"); err != nil || string(opened) != "s3cret" {
		t.Errorf("after a restart the value opened as %q, %v", opened, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the data directory holds %v, want the key file alone", entries)
	}
}

func TestTwoFirstStartsAtOnceAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ids := make([]string, 16)
	var starts sync.WaitGroup
	for i := range ids {
		starts.Go(func() {
			if ring, err := load(t, secret.Source{}, dir); err != nil {
				t.Error(err)
			} else {
				ids[i] = ring.SealingKeyID()
			}
		})
	}
	starts.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("the starts use different keys: %v", ids)
		}
	}
}

func TestAStartWithoutTheKeyOfItsValuesRefusesAndMakesNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := secret.Source{Value: hex.EncodeToString(key(2))}
	for name, source := range map[string]secret.Source{"no key": {}, "another key": other} {
		_, err := load(t, source, dir, key(1))
		var missing *secret.MissingKeyError
		if !errors.As(err, &missing) {
			t.Fatalf("%s: LoadKeyring gave %v, want a *MissingKeyError", name, err)
		}
		if diff := cmp.Diff([]string{secret.KeyID(key(1))}, missing.KeyIDs); diff != "" {
			t.Errorf("%s: missing keys (-want +got):\n%s", name, diff)
		}
		if !strings.Contains(err.Error(), "--sealing-key-file") {
			t.Errorf("%s: the error does not say what to do: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the data directory holds %v, %v, want nothing", entries, err)
	}
}

func TestAStoreThatCannotTellItsKeysStopsTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fault := errors.New("no connection")
	_, err := secret.LoadKeyring(t.Context(), secret.Source{}, dir,
		func(context.Context) ([]string, error) { return nil, fault })
	if !errors.Is(err, fault) {
		t.Errorf("LoadKeyring gave %v, want the store's error", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the data directory holds %v, %v, want nothing", entries, err)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	b64, hexa := base64.StdEncoding.EncodeToString(key(1)), hex.EncodeToString(key(1))
	tests := []struct {
		name   string
		source secret.Source
	}{
		{"a file with base64", secret.Source{File: write(t, 0o600, b64+"\n")}},
		{"a file that its group may read", secret.Source{File: write(t, 0o440, b64)}},
		{"a value in hexadecimal", secret.Source{Value: hexa}},
		{"a value in base64 without padding", secret.Source{Value: strings.TrimRight(b64, "=")}},
		{"a command's output", secret.Source{Command: "printf '%s\\n' " + hexa}},
		{"two keys", secret.Source{Value: hexa + "\n" + hex.EncodeToString(key(2)) + "\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ring, err := load(t, test.source, dir)
			if err != nil {
				t.Fatal(err)
			}
			if ring.SealingKeyID() != secret.KeyID(key(1)) {
				t.Error("the first key does not seal")
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 0 {
				t.Errorf("with a key given, %v was made", entries)
			}
		})
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	t.Parallel()
	hexa := hex.EncodeToString(key(1))
	tests := []struct {
		name   string
		source secret.Source
		want   string
	}{
		{"a file that every user may read", secret.Source{File: write(t, 0o604, hexa)}, "chmod 600"},
		{"a file that is not there", secret.Source{File: filepath.Join(t.TempDir(), "none")}, "no such file"},
		{"a directory", secret.Source{File: t.TempDir()}, "directory"},
		{"an empty file", secret.Source{File: write(t, 0o600, "\n")}, "empty"},
		{"half a key", secret.Source{Value: hexa[:40]}, "32 random bytes"},
		{"a second line that is no key", secret.Source{Value: hexa + "\nhunter2"}, "line 2"},
		{"two sources", secret.Source{Value: hexa, Command: "true"}, "exclude each other"},
		{"a command that fails", secret.Source{Command: "echo vault is sealed >&2; exit 3"}, "vault is sealed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.source, t.TempDir())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("LoadKeyring gave %v, want an error with %q", err, test.want)
			}
			for _, leak := range []string{hexa, hexa[:40], "hunter2"} {
				if strings.Contains(err.Error(), leak) {
					t.Errorf("the error quotes the key: %v", err)
				}
			}
		})
	}
}
