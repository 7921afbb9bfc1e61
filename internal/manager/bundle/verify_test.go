package bundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

// withLink is an npm that installs a symbolic link and a program too.
const withLink = installs + `mkdir -p node_modules/.bin && ln -sf ../base-plugin/package.json node_modules/.bin/base &&
echo program >node_modules/.bin/run && chmod +x node_modules/.bin/run`

func TestVerifyFindsEveryFileThatIsNotAsItWasInstalled(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir(), npmtest.NewFake(t, withLink))
	built, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo})
	if err != nil {
		t.Fatal(err)
	}
	verify := func() bundle.Verification {
		t.Helper()
		found, err := store.Verify(t.Context(), built.Hash)
		if err != nil {
			t.Fatal(err)
		}
		return found[0]
	}
	if v := verify(); len(v.Damage) != 0 || v.Files != 7 || v.Unknown {
		t.Errorf("a whole bundle is %+v, want 7 files and no damage", v)
	}
	at := func(name string) string { return filepath.Join(built.Dir, name) }
	const plugin, base, link, run = "node_modules/@acme/argo-backend/package.json", "node_modules/base-plugin/package.json",
		"node_modules/.bin/base", "node_modules/.bin/run"
	for _, err := range []error{
		os.Chmod(at(plugin), 0o600), os.WriteFile(at(plugin), []byte("plugiN\n"), 0o600),
		os.Remove(at(base)),
		os.Remove(at(link)), os.Symlink("elsewhere", at(link)),
		os.Chmod(at(run), 0o444),
		os.WriteFile(at("extra"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []bundle.Damage{
		{Path: link, Kind: bundle.Changed}, {Path: run, Kind: bundle.Changed}, {Path: plugin, Kind: bundle.Changed},
		{Path: base, Kind: bundle.Missing}, {Path: "extra", Kind: bundle.Extra},
	}
	if diff := cmp.Diff(want, verify().Damage); diff != "" {
		t.Errorf("damage (-want +got):\n%s", diff)
	}
}

func TestSumsOfTheReleaseAreNotTakenTwice(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir(), npmtest.NewFake(t, installs))
	base, err := store.Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	const shared = "node_modules/base-plugin/package.json"
	sums := filepath.Join(base.Dir, ".orbit-sums")
	text := read(t, sums)
	forged := strings.Repeat("f", 64)
	for line := range strings.Lines(text) {
		if strings.Contains(line, shared) {
			text = strings.Replace(text, line, "file "+forged+` "`+shared+"\"\n", 1)
		}
	}
	if err := os.Chmod(sums, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sums, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := store.Ensure(t.Context(), release, []bundle.Plugin{argo})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, built.Dir, ".orbit-sums"), forged) {
		t.Error("the sum of a file that is the release's was computed again")
	}
}

func TestABundleOfBeforeTheSumsIsTakenWhereItIsWhole(t *testing.T) {
	t.Parallel()
	cache, npm := t.TempDir(), npmtest.NewFake(t, installs)
	built, err := open(t, cache, npm).Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(built.Dir, ".orbit-sums")); err != nil {
		t.Fatal(err)
	}
	store := open(t, cache, npm)
	if _, err := store.Ensure(t.Context(), release, nil); err != nil || len(npm.Calls()) != 1 {
		t.Errorf("a whole bundle is installed again: %v, %q", err, npm.Calls())
	}
	for _, unknown := range []bool{true, false} {
		found, err := store.Verify(t.Context(), built.Hash)
		if err != nil || found[0].Unknown != unknown || len(found[0].Damage) != 0 {
			t.Errorf("verified: %+v, %v, want unknown %v", found, err, unknown)
		}
	}
}

func TestHalfABundleOfBeforeTheSumsIsInstalledAgain(t *testing.T) {
	t.Parallel()
	cache, npm := t.TempDir(), npmtest.NewFake(t, installs)
	built, err := open(t, cache, npm).Ensure(t.Context(), release, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".orbit-sums", "node_modules/base-plugin/package.json"} {
		if err := os.Remove(filepath.Join(built.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	store := open(t, cache, npm)
	if _, found := store.Find(built.Hash); found {
		t.Error("half a bundle is found")
	}
	if _, err := store.Ensure(t.Context(), release, nil); err != nil || len(npm.Calls()) != 2 {
		t.Errorf("half a bundle is not installed again: %v, %q", err, npm.Calls())
	}
	if got := entries(t, cache); len(got) != 1 {
		t.Errorf("the cache holds %v, want one bundle", got)
	}
	read(t, built.Dir, "node_modules/base-plugin/package.json")
}

func TestABundleThatIsNotThereCannotBeVerified(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir(), npmtest.NewFake(t, installs))
	for _, hash := range []string{strings.Repeat("a", 32), "../x"} {
		if _, err := store.Verify(t.Context(), hash); err == nil || !strings.Contains(err.Error(), hash) {
			t.Errorf("verifying %s gives %v", hash, err)
		}
	}
}
