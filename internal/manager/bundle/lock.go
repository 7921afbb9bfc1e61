package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a waiting build looks whether the other one has ended: flock(2) cannot wait with a deadline.
const lockPoll = 100 * time.Millisecond

// lock is the right to build one key. It excludes other processes and other builds of this one, and ends with the
// last process that has the file open.
type lock struct{ file *os.File }

func (l lock) release() { _ = l.file.Close() }

// lock waits until it holds the key's lock. waiting is called once if it is not free.
func (s *Store) lock(ctx context.Context, key string, waiting func()) (lock, error) {
	held, ok, err := s.tryLock(key)
	if err != nil || ok {
		return held, err
	}
	waiting()
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return lock{}, fmt.Errorf("wait for another build: %w", context.Cause(ctx))
		case <-ticker.C:
		}
		if held, ok, err := s.tryLock(key); err != nil || ok {
			return held, err
		}
	}
}

func (s *shared) tryLock(key string) (lock, bool, error) {
	name := filepath.Join(s.locks(), key+".lock")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return lock{}, false, fmt.Errorf("lock the build: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return lock{file}, true, nil
	}
	_ = file.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return lock{}, false, nil
	}
	return lock{}, false, fmt.Errorf("lock the build with %s: %w", name, err)
}

type lockKey struct{}

// withLock carries the lock to the commands that the build runs.
func withLock(ctx context.Context, held lock) context.Context {
	return context.WithValue(ctx, lockKey{}, held)
}

// held are the files that npm keeps open: should orbitd be killed, nobody takes the folder from under an npm that lives on.
func held(ctx context.Context) []*os.File {
	if lock, ok := ctx.Value(lockKey{}).(lock); ok {
		return []*os.File{lock.file}
	}
	return nil
}
