package process

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTailIsTheLastLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", tailBlock+10)
	var many []string
	for i := range 20000 { // several blocks
		many = append(many, fmt.Sprintf("line %d", i))
	}
	for name, c := range map[string]struct {
		content string
		n       int
		want    []string
	}{
		"of an empty file":                   {"", 5, nil},
		"of a file with fewer":               {"a\nb\n", 5, []string{"a", "b"}},
		"of a file with as many":             {"a\nb\n", 2, []string{"a", "b"}},
		"of a file with more":                {"a\nb\nc\n", 2, []string{"b", "c"}},
		"with an unfinished one":             {"a\nb", 1, []string{"b"}},
		"with empty ones":                    {"a\n\n\n", 2, []string{"", ""}},
		"none":                               {"a\n", 0, nil},
		"longer than a block":                {"a\n" + long + "\n", 2, []string{"a", long}},
		"over several blocks":                {strings.Join(many, "\n") + "\n", 15000, many[5000:]},
		"up to a bound":                      {strings.Repeat("y", tailMost) + "\nend\n", 5, []string{"end"}},
		"with a block that ends with a line": {strings.Repeat("z", tailBlock-1) + "\n" + strings.Repeat("z", tailBlock-1) + "\n", 1, []string{strings.Repeat("z", tailBlock-1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x.log")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := tail(path, c.n)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("tail = %d lines, %v; want %d\n%s", len(got), err, len(c.want), cmp.Diff(c.want, got))
			}
		})
	}
}

func TestARotatedLogGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := createLog(dir, "p1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write := func(from, to int) {
		for i := from; i < to; i++ {
			if _, err := fmt.Fprintf(f, "line %d\n", i); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(0, 10)
	for _, limit := range []int64{1000, 50, 50} { // not yet, now, and not again
		if err := rotate(f.Name(), limit); err != nil {
			t.Fatal(err)
		}
	}
	write(10, 12)
	lines, err := tailLogs([]string{f.Name()}, 4)
	if diff := cmp.Diff([]string{"line 8", "line 9", "line 10", "line 11"}, lines); err != nil || diff != "" {
		t.Errorf("tailLogs: %v (-want +got):\n%s", err, diff)
	}
	if info, err := os.Stat(f.Name()); err != nil || info.Size() != int64(len("line 10\nline 11\n")) {
		t.Errorf("the log after its rotation: %v, %v", info, err)
	}
	write(12, 20)
	if err := rotate(f.Name(), 50); err != nil {
		t.Fatal(err)
	}
	if lines, err = tailLogs([]string{f.Name()}, 100); err != nil || len(lines) != 10 || lines[0] != "line 10" {
		t.Errorf("after a second rotation the log is %q, %v", lines, err)
	}
}

func TestOldLogsAreRemovedUnlessTheyAreInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begin := time.Now()
	var paths []string
	for i := range keptLogs + 3 {
		f, err := createLog(dir, fmt.Sprintf("p%d", 9-i), begin.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		paths = append(paths, f.Name())
	}
	if err := os.WriteFile(paths[1]+rotatedExt, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pruneLogs(dir, func(path string) bool { return path == paths[0] }); err != nil {
		t.Fatal(err)
	}
	left, err := logFiles(dir)
	if diff := cmp.Diff(append([]string{paths[0]}, paths[3:]...), left); err != nil || diff != "" {
		t.Errorf("logs that are left: %v (-want +got):\n%s", err, diff)
	}
	if _, err := os.Stat(paths[1] + rotatedExt); !os.IsNotExist(err) {
		t.Errorf("the rotated part of a removed log: %v", err)
	}
}

func TestTheRuntimeRotatesTheLogsOfItsProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.log")
	if err := os.WriteFile(path, []byte("0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &Runtime{options: Options{LogBytes: 5}, logs: map[string]struct{}{path: {}}}
	r.rotateLogs()
	if lines, err := tail(path+rotatedExt, 1); err != nil || len(lines) != 1 {
		t.Errorf("the rotated part is %q, %v", lines, err)
	}
}
