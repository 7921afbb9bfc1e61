package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entryOf is one entry of an archive.
type entryOf struct {
	name, text string
	kind       byte
}

func packed(t *testing.T, entries ...entryOf) *bytes.Buffer {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Typeflag: e.kind, Size: int64(len(e.text)), Mode: 0o644}
		if e.kind == tar.TypeSymlink {
			header.Size, header.Linkname = 0, e.text
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := archive.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return &buffer
}

func TestReadSources(t *testing.T) {
	t.Parallel()
	got, err := readSources(packed(t,
		entryOf{"package/package.json", "{}", tar.TypeReg}, entryOf{"package/dist/./index.js", "a", tar.TypeReg},
		entryOf{"package/../../etc/x.js", "outside", tar.TypeReg}, entryOf{"/etc/y.js", "absolute", tar.TypeReg},
		entryOf{"package/link.js", "/etc/passwd", tar.TypeSymlink}, entryOf{"package/picture.png", "p", tar.TypeReg},
		entryOf{"package/large.png", strings.Repeat("x", 2<<20), tar.TypeReg},
	))
	if err != nil {
		t.Fatal(err)
	}
	// A path that leads outside is a name like any other here: nothing is written.
	want := sources{"package.json": "{}", "dist/index.js": "a", "etc/x.js": "outside", "etc/y.js": "absolute"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

func TestAPackageIsReadWithinBounds(t *testing.T) {
	t.Parallel()
	bomb := strings.Repeat("\x00", maxUnpacked)
	many := make([]entryOf, 0, 20)
	for i := range 20 {
		many = append(many, entryOf{"package/" + strings.Repeat("x", i+1) + ".js", strings.Repeat("y", maxSource), tar.TypeReg})
	}
	for name, entries := range map[string][]entryOf{
		"a bomb": {{"package/bomb.bin", bomb, tar.TypeReg}, {"package/package.json", "{}", tar.TypeReg}},
		"a file": {{"package/large.js", strings.Repeat("x", maxSource+1), tar.TypeReg}},
		"all":    many,
	} {
		if _, err := readSources(packed(t, entries...)); !errors.Is(err, errTooLarge) {
			t.Errorf("%s too large gives %v", name, err)
		}
	}
	if _, err := readSources(strings.NewReader("<html>")); err == nil || errors.Is(err, errTooLarge) {
		t.Errorf("what is no package gives %v", err)
	}
	whole := packed(t, entryOf{"package/a.js", strings.Repeat("x", 1000), tar.TypeReg}).Bytes()
	if _, err := readSources(bytes.NewReader(whole[:len(whole)/2])); err == nil {
		t.Error("half a package passes for one")
	}
}
