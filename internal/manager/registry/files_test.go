package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entryOf is one entry of an archive.
type entryOf struct {
	name, text string
	kind       byte
}

func packed(t *testing.T, entries ...entryOf) []byte {
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
	return buffer.Bytes()
}

func unpacked(t *testing.T, tarball []byte) (map[string]string, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(name, tarball, 0o600); err != nil {
		t.Fatal(err)
	}
	return unpack(name)
}

func TestAPackageIsReadWithoutItsPathsOrLinksLeadingAnywhere(t *testing.T) {
	t.Parallel()
	got, err := unpacked(t, packed(t,
		entryOf{"package/package.json", "{}", tar.TypeReg}, entryOf{"package/dist/./index.js", "a", tar.TypeReg},
		entryOf{"package/../../../x.js", "outside", tar.TypeReg}, entryOf{"package/link.js", "/etc/passwd", tar.TypeSymlink},
		entryOf{"package/picture.png", "p", tar.TypeReg}, entryOf{"package/large.js", strings.Repeat("x", maxFile+1), tar.TypeReg},
		entryOf{"package/large.png", strings.Repeat("x", maxFile+1), tar.TypeReg}, entryOf{"package/config.d.ts", "c", tar.TypeReg},
	))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"package.json": "{}", "dist/index.js": "a", "config.d.ts": "c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestALargeFileTakesNoRoomFromTheOthers(t *testing.T) {
	t.Parallel()
	got, err := unpacked(t, packed(t, entryOf{"package/dist/bundle.js", strings.Repeat("x", maxFiles+1), tar.TypeReg},
		entryOf{"package/package.json", "{}", tar.TypeReg}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"package.json": "{}"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAPackageIsReadWithinBounds(t *testing.T) {
	t.Parallel()
	bomb := packed(t, entryOf{"package/bomb.bin", strings.Repeat("\x00", maxPackage), tar.TypeReg},
		entryOf{"package/package.json", "{}", tar.TypeReg})
	if _, err := unpacked(t, bomb); !errors.Is(err, errTooLarge) {
		t.Errorf("a bomb gives %v", err)
	}
	if _, err := unpacked(t, []byte("<html>")); err == nil || errors.Is(err, errTooLarge) {
		t.Errorf("what is no package gives %v", err)
	}
	whole := packed(t, entryOf{"package/a.js", strings.Repeat("x", 1000), tar.TypeReg})
	if _, err := unpacked(t, whole[:len(whole)/2]); err == nil {
		t.Error("half a package passes for one")
	}
}
