package secret

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// KeyFileName is the name of the key file that LoadKeyring makes in the data directory.
const KeyFileName = "sealing.key"

// MissingKeyError says that the store holds values which none of the given keys opens.
type MissingKeyError struct {
	// KeyIDs are the ids of the missing keys, sorted.
	KeyIDs []string
	// Looked says where keys were looked for.
	Looked string
}

// Error says which keys are missing, where they were looked for and what to do.
func (e *MissingKeyError) Error() string {
	return fmt.Sprintf("the store holds secrets sealed with key %s, which is not in %s. "+
		"Give that key with --sealing-key-file, ORBIT_SEALING_KEY or --sealing-key-command, or put %s back from a backup. "+
		"A key in front of it, one key a line, seals from then on. Without its key a secret cannot be read by anyone: "+
		"then delete the instances that hold them, or restore the store that belongs to this key",
		strings.Join(e.KeyIDs, ", "), e.Looked, KeyFileName)
}

// LoadKeyring reads the sealing keys from source, or from the key file in dataDir when source names none. That file is
// made, with mode 0600, when it is not there and the store holds no sealed value. storedKeyIDs returns the ids of the
// keys that sealed the store's values; when one of them is not among the keys the error is a *MissingKeyError, and
// nothing is made.
func LoadKeyring(ctx context.Context, source Source, dataDir string,
	storedKeyIDs func(context.Context) ([]string, error),
) (*Keyring, error) {
	needed, err := storedKeyIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the sealing key: find the keys that the store's secrets need: %w", err)
	}
	keyFile := filepath.Join(dataDir, KeyFileName)
	if source.isZero() {
		source.File = keyFile
		if _, err := os.Lstat(keyFile); errors.Is(err, fs.ErrNotExist) {
			if len(needed) > 0 {
				return nil, missing(needed, keyFile+", which does not exist")
			}
			if err := makeKeyFile(keyFile); err != nil {
				return nil, fmt.Errorf("make the sealing key %s: %w", keyFile, err)
			}
		}
	}
	keys, err := source.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the sealing key from %s: %w", source, err)
	}
	ring, err := NewKeyring(keys...)
	if err != nil {
		return nil, fmt.Errorf("load the sealing key from %s: %w", source, err)
	}
	unknown := slices.DeleteFunc(slices.Clone(needed), ring.Has)
	if len(unknown) > 0 {
		return nil, missing(unknown, source.String())
	}
	return ring, nil
}

func missing(keyIDs []string, looked string) error {
	sorted := slices.Sorted(slices.Values(keyIDs))
	return &MissingKeyError{KeyIDs: slices.Compact(sorted), Looked: looked}
}

// makeKeyFile writes a new key in full before it gets its name, so that a crash leaves no half key, and never replaces
// a file: of two processes that start at the same time the second uses the first one's key.
func makeKeyFile(name string) error {
	key := make([]byte, KeySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	dir := filepath.Dir(name)
	file, err := os.CreateTemp(dir, "."+KeyFileName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
