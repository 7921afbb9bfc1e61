package bundle_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

// smallDisk mounts a file system of 4 MiB on a folder and returns what makes it larger.
func smallDisk(t *testing.T) (dir string, grow func()) {
	t.Helper()
	dir = t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m")
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("only root can mount a small disk")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, func() {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
			t.Fatal(err)
		}
	}
}

// fills is the script of an npm that writes 3 MB for the release and 6 MB for a plugin, and says what npm says on a full
// disk.
const fills = `
write() { head -c "$2" /dev/zero >"$1" || { echo '{"error":{"code":"ENOSPC","summary":"no space left on device, write"}}'; exit 228; }; }
case "$*" in
  *--package-lock-only*) ;;
  ci*) mkdir -p node_modules/base-plugin && write node_modules/base-plugin/package.json 3000000 ;;
  install*) mkdir -p node_modules/@acme/argo-backend && write node_modules/@acme/argo-backend/package.json 6000000 ;;
esac
`

func TestAFullDiskLeavesNothingOfABuildAndIsNamed(t *testing.T) {
	t.Parallel()
	cache, grow := smallDisk(t)
	store := open(t, cache, npmtest.NewFake(t, fills))
	base, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Ensure(t.Context(), release, []bundle.Plugin{argo})
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("on a full disk Ensure gives %v, want an error that says so", err)
	}
	if left := entries(t, cache); len(left) != 1 || left[0] != base.Hash {
		t.Errorf("the cache holds %v, want the release alone", left)
	}
	grow()
	if _, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
