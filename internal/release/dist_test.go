package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dist returns the folder that GoReleaser built into, and the version it built.
func dist(t *testing.T) (folder, version string) {
	t.Helper()
	folder = os.Getenv("ORBIT_TEST_DIST")
	if folder == "" {
		t.Skip("ORBIT_TEST_DIST is not set: make release-check sets it, after make release-snapshot")
	}
	content, err := os.ReadFile(filepath.Join(folder, "metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(content, &metadata); err != nil || metadata.Version == "" {
		t.Fatalf("metadata.json: %v, version %q", err, metadata.Version)
	}
	return folder, metadata.Version
}

func built(t *testing.T, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing built matches %s (%v)", pattern, err)
	}
	return found
}

func sum(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

// What the registry asks of a release: https://developer.hashicorp.com/terraform/registry/providers/publishing.
func TestTheSumsAreOfTheProvidersArchivesAndManifest(t *testing.T) {
	t.Parallel()
	folder, version := dist(t)
	want := map[string]string{
		"terraform-provider-orbit_" + version + "_manifest.json": sum(t, filepath.Join(root, "terraform-registry-manifest.json")),
	}
	for _, archive := range built(t, folder, "*.zip") {
		want[filepath.Base(archive)] = sum(t, archive)
	}
	sums, err := os.ReadFile(filepath.Join(folder, "terraform-provider-orbit_"+version+"_SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		digest, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		got[name] = digest
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryArchiveOfTheProviderHoldsTheProgramThatTerraformLooksFor(t *testing.T) {
	t.Parallel()
	folder, version := dist(t)
	name := regexp.MustCompile(`^terraform-provider-orbit_` + regexp.QuoteMeta(version) + `_([a-z]+)_(amd64|arm64|386|arm)\.zip$`)
	for _, archive := range built(t, folder, "*.zip") {
		match := name.FindStringSubmatch(filepath.Base(archive))
		if match == nil {
			t.Errorf("%s is not what the registry calls an archive", filepath.Base(archive))
			continue
		}
		program := "terraform-provider-orbit_v" + version
		if match[1] == "windows" {
			program += ".exe"
		}
		reader, err := zip.OpenReader(archive)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, file := range reader.File {
			names = append(names, file.Name)
			if file.Name == program && file.Mode()&0o111 != 0o111 {
				t.Errorf("%s in %s has the mode %o", program, filepath.Base(archive), file.Mode())
			}
		}
		_ = reader.Close()
		slices.Sort(names)
		if diff := cmp.Diff([]string{"LICENSE", program}, names); diff != "" {
			t.Errorf("%s: %s", filepath.Base(archive), diff)
		}
	}
}

// entries are the files of a tar archive by name, with their modes.
func entries(t *testing.T, archive io.Reader) map[string]os.FileMode {
	t.Helper()
	found := map[string]os.FileMode{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if name := strings.Trim(header.Name, "./"); header.Typeflag == tar.TypeReg || strings.HasPrefix(name, "etc/orbit") {
			found[name] = header.FileInfo().Mode().Perm()
		}
	}
}

func TestTheArchiveOfOrbitdHoldsItsUnits(t *testing.T) {
	t.Parallel()
	folder, _ := dist(t)
	for _, archive := range built(t, folder, "orbitd_*.tar.gz") {
		file, err := os.Open(archive)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		got := entries(t, unpacked)
		in := strings.TrimSuffix(filepath.Base(archive), ".tar.gz") + "/"
		for _, name := range []string{
			"LICENSE", "orbitd", "systemd/README.md", "systemd/sysusers.conf", "systemd/orbitd.service", "systemd/orbitd-api.socket",
			"systemd/orbitd-gateway.socket",
		} {
			if _, there := got[in+name]; !there {
				t.Errorf("%s has no %s", filepath.Base(archive), name)
			}
		}
		if got[in+"orbitd"]&0o111 == 0 {
			t.Errorf("orbitd has the mode %o", got[in+"orbitd"])
		}
	}
}

func TestTheDebianPackagePutsEverythingInItsPlace(t *testing.T) {
	t.Parallel()
	folder, _ := dist(t)
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("dpkg-deb is not on the PATH")
	}
	read := func(args ...string) string {
		output, err := exec.CommandContext(t.Context(), "dpkg-deb", args...).Output()
		if err != nil {
			t.Fatalf("dpkg-deb %s: %v", strings.Join(args, " "), err)
		}
		return string(output)
	}
	for _, deb := range built(t, folder, "orbitd_*.deb") {
		want := map[string]os.FileMode{
			"usr/bin/orbitd": 0o755, "usr/lib/systemd/system/orbitd.service": 0o644,
			"usr/lib/systemd/system/orbitd-api.socket": 0o644, "usr/lib/systemd/system/orbitd-gateway.socket": 0o644,
			"usr/lib/sysusers.d/orbit.conf": 0o644, "etc/orbit": 0o750, "etc/orbit/orbitd.env": 0o600,
			"usr/share/doc/orbitd/README.md": 0o644, "usr/share/doc/orbitd/copyright": 0o644,
		}
		got := entries(t, bytes.NewReader([]byte(read("--fsys-tarfile", deb))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", filepath.Base(deb), diff)
		}
		if conffiles := read("--info", deb, "conffiles"); conffiles != "/etc/orbit/orbitd.env\n" {
			t.Errorf("conffiles: %q", conffiles)
		}
		if name := strings.TrimSpace(read("--field", deb, "Package")); name != "orbitd" {
			t.Errorf("the package is called %s", name)
		}
		for _, script := range []string{"postinst", "prerm", "postrm"} {
			if diff := cmp.Diff(readFile(t, "deploy/debian/"+script), read("--info", deb, script)); diff != "" {
				t.Errorf("%s: %s", script, diff)
			}
		}
	}
}
