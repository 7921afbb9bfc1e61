// Package reread makes something from files, and makes it again when what is in them changes.
package reread

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	// lookEvery is how often files are looked at while somebody asks. It is their content that is compared, so it does not
	// matter how they are replaced: written over, renamed into place, or behind a link that leads elsewhere.
	lookEvery = time.Second
	// maxSize is far above any file that people configure orbitd with, in bytes.
	maxSize = 1 << 20
)

// Files are read through this, so that it is known what something was made from.
type Files struct{ seen []file }

// file is one that was read, and what became of that.
type file struct {
	name      string
	forbidden fs.FileMode
	digest    [sha256.Size]byte
}

// Read returns what is in the file, unless its mode has one of the forbidden bits.
func (f *Files) Read(name string, forbidden fs.FileMode) ([]byte, error) {
	content, err := read(name, forbidden)
	f.seen = append(f.seen, file{name, forbidden, digest(content, err)})
	return content, err
}

// changed says whether reading the same files again would give something else.
func (f *Files) changed() bool {
	return slices.ContainsFunc(f.seen, func(before file) bool {
		return digest(read(before.name, before.forbidden)) != before.digest
	})
}

// digest stands for the outcome of reading a file: nothing of a secret one is kept.
func digest(content []byte, err error) [sha256.Size]byte {
	if err != nil {
		return sha256.Sum256([]byte("error: " + err.Error()))
	}
	return sha256.Sum256(append([]byte("content: "), content...))
}

func read(name string, forbidden fs.FileMode) ([]byte, error) {
	opened, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return nil, &ModeError{File: name, Mode: mode, Allowed: mode &^ forbidden}
	}
	content, err := io.ReadAll(io.LimitReader(opened, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxSize {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxSize)
	}
	return content, nil
}

// ModeError says that a file's mode gives a right that nobody may have.
type ModeError struct {
	File          string
	Mode, Allowed fs.FileMode
}

// Error says which mode it is to have.
func (e *ModeError) Error() string {
	return fmt.Sprintf("the mode %04o of %s gives other users a right that they must not have: run chmod %04o on it",
		e.Mode, e.File, e.Allowed)
}

// Value is what was made from files last. A change that nothing can be made from leaves what was made before.
type Value[T any] struct {
	make func(*Files) (T, error)
	told func(T, error)

	mu      sync.Mutex
	current T
	files   Files
	looked  time.Time
}

// New makes something from files for the first time; it is an error when that fails. Later told is called once for every
// change of a file: with the value that was made, or with why the one before stays.
func New[T any](build func(*Files) (T, error), told func(T, error)) (*Value[T], error) {
	v := &Value[T]{make: build, told: told, looked: time.Now()}
	var err error
	v.current, err = build(&v.files)
	return v, err
}

// Get returns what the files make now, or made about a second ago.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.looked) < lookEvery {
		return v.current
	}
	v.looked = time.Now()
	if !v.files.changed() {
		return v.current
	}
	var files Files
	made, err := v.make(&files)
	v.files = files
	if err == nil {
		v.current = made
	}
	v.told(made, err)
	return v.current
}
