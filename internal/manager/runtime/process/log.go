package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptLogs is how many ended processes of a workspace keep their log.
const keptLogs = 5

// Every process writes a log of its own, so that the tail of one that failed is not buried under what its sibling that
// serves writes at the same time. The name begins with the time of the start, so names sort by age:
//
//	20261122T201929.123456789-<process>.log
//	20261122T201929.123456789-<process>.log.1   what a rotation moved away
const (
	logTime    = "20060102T150405.000000000"
	logSuffix  = ".log"
	rotatedExt = ".1"
)

func logName(id string, now time.Time) string {
	return now.UTC().Format(logTime) + "-" + id + logSuffix
}

// createLog makes the log of a process that starts now, for appending, so that it can be cut while it is written to.
func createLog(dir, id string, now time.Time) (*os.File, error) {
	path := filepath.Join(dir, logName(id, now))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the log: %w", err)
	}
	return f, nil
}

// logFiles are the logs in the folder, oldest first; none when the folder is not there.
func logFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), logSuffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// pruneLogs removes the oldest logs beyond keptLogs, sparing those that are in use.
func pruneLogs(dir string, inUse func(path string) bool) error {
	paths, err := logFiles(dir)
	if err != nil {
		return err
	}
	paths = slices.DeleteFunc(paths, inUse)
	var errs []error
	for _, path := range paths[:max(0, len(paths)-keptLogs)] {
		errs = append(errs, removeLog(path))
	}
	return errors.Join(errs...)
}

// removeLog removes a log and what was rotated out of it.
func removeLog(path string) error {
	var errs []error
	for _, p := range []string{path, path + rotatedExt} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// rotate moves the log's content to its rotated file when it has more than limit bytes: copied and then cut, because the
// process keeps the file open. What it writes between the two is lost.
func rotate(path string, limit int64) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= limit {
		return ignoreMissing(err)
	}
	if err := copyFile(path, path+rotatedExt); err != nil {
		return fmt.Errorf("rotate the log %s: %w", path, err)
	}
	return os.Truncate(path, 0)
}

// copyFile copies through a temporary file, so that the old copy stays whole until the new one is.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	tmp := to + ".tmp"
	out, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(tmp, to)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}

// ignoreMissing makes of a missing file no error.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
