package reread_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/reread"
)

// pair is made from two files that have to say the same.
type pair struct {
	dir  string
	told []string
	*reread.Value[string]
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{dir: t.TempDir()}
	p.write(t, "left", "one")
	p.write(t, "right", "one")
	var err error
	p.Value, err = reread.New(p.read, func(made string, err error) {
		if err == nil {
			p.told = append(p.told, "made "+made)
			return
		}
		p.told = append(p.told, strings.ReplaceAll(err.Error(), p.dir, ""))
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pair) read(files *reread.Files) (string, error) {
	left, err := files.Read(filepath.Join(p.dir, "left"), 0)
	if err != nil {
		return "", err
	}
	right, err := files.Read(filepath.Join(p.dir, "right"), 0o007)
	if err != nil {
		return "", err
	}
	if string(left) != string(right) {
		return "", errors.New("they differ")
	}
	return string(left), nil
}

func (p *pair) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// later is what the value is after files were looked at again.
func (p *pair) later() string {
	time.Sleep(time.Second)
	return p.Get()
}

func (p *pair) expect(t *testing.T, value string, told ...string) {
	t.Helper()
	if got := p.later(); got != value {
		t.Errorf("the value is %q, want %q", got, value)
	}
	if diff := cmp.Diff(told, p.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestChangedFilesMakeANewValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.expect(t, "one")
		p.write(t, "left", "two")
		p.write(t, "right", "two")
		if got := p.Get(); got != "one" {
			t.Errorf("files were read again within a second: %q", got)
		}
		p.expect(t, "two", "made two")
		p.expect(t, "two", "made two")
	})
}

func TestFilesThatDoNotFitTogetherKeepTheValueAndAreToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.write(t, "left", "two")
		p.expect(t, "one", "they differ")
		p.expect(t, "one", "they differ")
		p.write(t, "right", "two")
		p.expect(t, "two", "they differ", "made two")
	})
}

func TestAFileBehindLinksIsReadAgainWhenTheyLeadElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// As Kubernetes does: the file is a link through ..data, which is a link to a folder, which is replaced.
		p := newPair(t)
		for _, version := range []string{"one", "two"} {
			if err := os.Mkdir(filepath.Join(p.dir, version), 0o700); err != nil {
				t.Fatal(err)
			}
			p.write(t, version+"/left", version)
			p.write(t, version+"/right", version)
		}
		link := func(target, name string) {
			if err := errors.Join(os.Symlink(target, filepath.Join(p.dir, "new")),
				os.Rename(filepath.Join(p.dir, "new"), filepath.Join(p.dir, name))); err != nil {
				t.Fatal(err)
			}
		}
		link("one", "..data")
		link("..data/left", "left")
		link("..data/right", "right")
		p.expect(t, "one")
		link("two", "..data")
		p.expect(t, "two", "made two")
	})
}

func TestAFileThatGoesAwayOrIsOpenedToOthersKeepsTheValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		right := filepath.Join(p.dir, "right")
		if err := os.Chmod(right, 0o644); err != nil {
			t.Fatal(err)
		}
		open := "the mode 0644 of /right gives other users a right that they must not have: run chmod 0640 on it"
		p.expect(t, "one", open)
		if err := os.Chmod(right, 0o640); err != nil {
			t.Fatal(err)
		}
		p.expect(t, "one", open, "made one")
		if err := os.Remove(right); err != nil {
			t.Fatal(err)
		}
		gone := "open /right: no such file or directory"
		p.expect(t, "one", open, "made one", gone)
		p.write(t, "right", "one")
		p.expect(t, "one", open, "made one", gone, "made one")
	})
}
