package secret

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Rotation replaces the key that seals. Its Keyring seals with the new key and opens with all; once every value is sealed
// again only the new key is needed.
//
// Where the keys are in the data directory's own key file, that file is replaced: Prepare puts the new key in front of
// the old ones before the first value is sealed with it, and Finish leaves the new one alone after the last. Whenever
// the program dies in between, the file has every key that a value needs.
type Rotation struct {
	Keyring *Keyring
	// Owned says that the keys are in the data directory's own key file. Otherwise whoever keeps the keys has to name the
	// new one at the next start, and Prepare and Finish do nothing.
	Owned   bool
	keyFile string
	old     [][]byte
	new     []byte
}

// NewRotation reads the present keys as LoadKeyring does, and the new one, the first key of newFile. With newFile "" a new
// key is made; that needs an Owned key file, since nobody else would have it.
func NewRotation(ctx context.Context, source Source, dataDir, newFile string) (*Rotation, error) {
	r := &Rotation{keyFile: filepath.Join(dataDir, KeyFileName)}
	if source.isZero() {
		source.File = r.keyFile
	}
	r.Owned = source.File != "" && sameFile(source.File, r.keyFile) && isRegular(r.keyFile)
	var err error
	if r.old, err = source.read(ctx); err != nil {
		return nil, fmt.Errorf("load the present sealing key from %s: %w", source, err)
	}
	further, err := r.readNew(ctx, source, newFile)
	if err != nil {
		return nil, err
	}
	r.Keyring, err = NewKeyring(slices.Concat([][]byte{r.new}, further, r.old)...)
	return r, err
}

// readNew reads or makes the new key, and returns the further ones of its file.
func (r *Rotation) readNew(ctx context.Context, source Source, newFile string) (further [][]byte, err error) {
	switch {
	case newFile == "" && !r.Owned:
		return nil, fmt.Errorf("the sealing key is not kept by orbitd but in %s: name the file of the new key with --new-sealing-key-file "+
			"(openssl rand -base64 %d makes one)", source, KeySize)
	case newFile == "":
		r.new = make([]byte, KeySize)
		if _, err := rand.Read(r.new); err != nil {
			return nil, fmt.Errorf("make a sealing key: %w", err)
		}
		return nil, nil
	case source.File != "" && sameFile(source.File, newFile):
		return nil, fmt.Errorf("the new key is to be in another file than the present one, %s", source.File)
	}
	keys, err := Source{File: newFile}.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the new sealing key from %s: %w", newFile, err)
	}
	r.new = keys[0]
	return keys[1:], nil
}

// Prepare makes the key file open everything that is sealed from now on, and that was before.
func (r *Rotation) Prepare() error {
	if !r.Owned {
		return nil
	}
	return r.write(slices.Concat([][]byte{r.new}, r.old))
}

// Finish leaves nothing but the new key in the key file. No value may need another one any more.
func (r *Rotation) Finish() error {
	if !r.Owned {
		return nil
	}
	return r.write([][]byte{r.new})
}

// write replaces the key file in one step, mode 0600. Each key stands there once.
func (r *Rotation) write(keys [][]byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("replace the sealing key in %s: %w", r.keyFile, err)
		}
	}()
	dir := filepath.Dir(r.keyFile)
	file, err := os.CreateTemp(dir, "."+KeyFileName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	var text bytes.Buffer
	for i, key := range keys {
		if !slices.ContainsFunc(keys[:i], func(earlier []byte) bool { return bytes.Equal(earlier, key) }) {
			text.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
		}
	}
	_, err = file.Write(text.Bytes())
	if err == nil {
		err = keepOwner(file, r.keyFile)
	}
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), r.keyFile); err != nil {
		return err
	}
	return syncDir(dir)
}

// keepOwner gives the file the owner of the one that it replaces: who runs this may be root and orbitd not.
func keepOwner(file *os.File, replaced string) error {
	info, err := os.Stat(replaced)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known || int(owner.Uid) == os.Geteuid() && int(owner.Gid) == os.Getegid() {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}

// isRegular says whether the name is a file's own, and not a link to where somebody else keeps it.
func isRegular(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode().IsRegular()
}

// sameFile says whether both names lead to one file, or would.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	return filepath.Clean(a) == filepath.Clean(b)
}
