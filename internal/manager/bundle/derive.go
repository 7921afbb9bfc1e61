package bundle

import (
	"context"
	"path/filepath"
)

// Derivation is a folder that is made of bundles and of nothing that changes.
type Derivation struct {
	// Hash is the hash of all that it is made of and how, as Hash makes it.
	Hash string
	// Verb and What say for people what is done: build, and the web app.
	Verb, What string
	// Make makes it in dir, which becomes the folder. Users that instances run as can read what it leaves there, and nobody
	// can write it.
	Make func(ctx context.Context, dir string) error
}

// Derive returns the folder of a derivation and makes it first when it is not there; what fails or is cancelled leaves
// nothing. Collect removes it as it removes bundles.
func (s *Store) Derive(ctx context.Context, d Derivation) (dir string, err error) {
	at := place{parent: s.derived(), key: d.Hash}
	s.use(d.Hash)
	err = s.once(ctx, work{
		place: at, verb: d.Verb, what: d.What,
		there: func() bool { return isThere(at.dir()) },
		make: func(ctx context.Context, dir string) error {
			if err := d.Make(ctx, dir); err != nil {
				return err
			}
			if err := seal(dir); err != nil {
				return err
			}
			return s.sync(dir) // whoever finds the name takes what is below it for whole
		},
	})
	return at.dir(), err
}

// Derived returns the folder that Derive makes for the hash, and whether it is there.
func (s *Store) Derived(hash string) (dir string, there bool) {
	dir = filepath.Join(s.derived(), hash)
	return dir, isThere(dir)
}
