package bundle

// SyncWith replaces how a finished build is written to disk before it is given its name.
func (s *Store) SyncWith(sync func(dir string) error) { s.sync = sync }
