package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// candidates are the users that the server runs as when orbitd is root and nothing else is said. initdb wants a user
// with a passwd entry.
var candidates = []string{"orbit", "postgres", "nobody"}

// account is the user that the server runs as. The zero account is orbitd's own user.
type account struct {
	name     string
	uid, gid uint32
}

// chooseAccount returns the wanted user, else the owner of dataDir, else the first candidate. Only root can choose.
func chooseAccount(wanted, dataDir string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if wanted != "" {
		found, err := lookUp(user.Lookup(wanted))
		if err != nil {
			return account{}, fmt.Errorf("find the user that PostgreSQL is to run as: %w", err)
		}
		return found, nil
	}
	info, err := os.Stat(dataDir)
	if err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			if found, err := lookUp(user.LookupId(strconv.FormatUint(uint64(owner.Uid), 10))); err == nil {
				return found, nil
			}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return account{}, err
	}
	for _, name := range candidates {
		if found, err := lookUp(user.Lookup(name)); err == nil {
			return found, nil
		}
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and none of the users %q exists: "+
		"make one with useradd --system orbit, or name one with --postgres-user", candidates)
}

func lookUp(found *user.User, err error) (account, error) {
	if err != nil {
		return account{}, err
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, err
	}
	if uid == 0 {
		return account{}, fmt.Errorf("the user %s is root, and PostgreSQL does not run as root", found.Username)
	}
	return account{found.Username, uint32(uid), uint32(gid)}, nil
}

// credential is what a process of the account is started with.
func (a account) credential() *syscall.Credential {
	if a == (account{}) {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a file or folder to the account.
func (a account) own(name string) error {
	if a == (account{}) {
		return nil
	}
	return os.Chown(name, int(a.uid), int(a.gid))
}

// check says, before PostgreSQL does so in darker words, that the account cannot reach what it needs.
func (a account) check(options Options) error {
	if _, err := os.Stat(filepath.Join(options.BinDir, "postgres")); err != nil {
		return fmt.Errorf("find its programs: %w", err)
	}
	if err := os.MkdirAll(options.RunDir, 0o755); err != nil { // instances of other users connect
		return err
	}
	if a == (account{}) {
		return nil
	}
	for _, dir := range []string{options.BinDir, filepath.Dir(options.DataDir), options.RunDir} {
		if barred, ok := a.barredFrom(dir); ok {
			return fmt.Errorf("it runs as the user %s, who cannot enter %s, which is on the way to %s: "+
				"choose a folder that every user can reach, or run chmod o+x %s", a.name, barred, dir, barred)
		}
	}
	info, err := os.Stat(options.DataDir)
	if err != nil {
		return nil //nolint:nilerr // it is not there yet
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != a.uid {
		return fmt.Errorf("its data belongs to the user with id %d and it is to run as %s: "+
			"name that user with --postgres-user, or run chown -R %s %s", owner.Uid, a.name, a.name, options.DataDir)
	}
	return nil
}

// barredFrom returns the first folder on the way to dir, dir included, that the account may not enter.
func (a account) barredFrom(dir string) (string, bool) {
	if parent := filepath.Dir(dir); parent != dir {
		if barred, ok := a.barredFrom(parent); ok {
			return barred, true
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", false // whoever needs it says so
	}
	enter := fs.FileMode(0o001)
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case owner.Uid == a.uid:
			enter = 0o100
		case owner.Gid == a.gid:
			enter = 0o010
		}
	}
	return dir, info.Mode().Perm()&enter == 0
}
