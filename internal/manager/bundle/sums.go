package bundle

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// sumsFile lists what is in a bundle, with hashes. It is written last, so a folder that has it is complete. Each line is
// the sum of one file and its path, quoted as in Go.
const sumsFile = ".orbit-sums"

// sums are the kinds and hashes of a bundle's files, by path: "file <sha256>", "program <sha256>", and for a symbolic link
// "link <sha256 of its target>".
type sums map[string]string

// readSums reads those of the bundle in dir. The error is fs.ErrNotExist for a bundle that has none yet.
func readSums(dir string) (sums, error) {
	file, err := os.Open(filepath.Join(dir, sumsFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	found := sums{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		sum, quoted, _ := strings.Cut(rest, " ")
		path, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w", file.Name(), len(found)+1, err)
		}
		found[path] = kind + " " + sum
	}
	return found, lines.Err()
}

// write writes the sums to the bundle's folder, so that they are there at once or not.
func (s sums) write(dir string) (err error) {
	file, err := os.CreateTemp(dir, sumsFile+"-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // after the rename there is nothing under this name
	text := bufio.NewWriter(file)
	for path, sum := range s {
		_, _ = text.WriteString(sum + " " + strconv.Quote(path) + "\n") // Flush says what went wrong
	}
	if err := errors.Join(text.Flush(), file.Chmod(0o444), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(dir, sumsFile))
}

// summing computes the sums of folders. A file that several of them share is read once.
type summing struct {
	mu    sync.Mutex
	known map[fileID]string
}

// fileID tells files apart, and a file from what it was before it was written to.
type fileID struct {
	device, inode uint64
	size, changed int64
}

// sum computes the sums of all that is below dir.
func (s *summing) sum(dir string) (sums, error) {
	found := sums{}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || strings.HasPrefix(name, sumsFile) {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			sum := sha256.Sum256([]byte(target))
			s.mu.Lock()
			defer s.mu.Unlock()
			found[name] = "link " + hex.EncodeToString(sum[:])
			return nil
		}
		group.Go(func() error {
			sum, err := s.file(path)
			s.mu.Lock()
			defer s.mu.Unlock()
			found[name] = sum
			return err
		})
		return nil
	})
	return found, errors.Join(err, group.Wait())
}

func (s *summing) file(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	kind := "file "
	if info.Mode()&0o111 != 0 {
		kind = "program "
	}
	id := identify(info)
	s.mu.Lock()
	sum, known := s.known[id]
	s.mu.Unlock()
	if known {
		return kind + sum, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[id] = sum
	return kind + sum, nil
}

// reuse takes the sums of a bundle for those of its files.
func (s *summing) reuse(dir string, of sums) {
	for path, sum := range of {
		kind, hash, _ := strings.Cut(sum, " ")
		if kind == "link" {
			continue
		}
		if info, err := os.Lstat(filepath.Join(dir, path)); err == nil {
			s.known[identify(info)] = hash
		}
	}
}
