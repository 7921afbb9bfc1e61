package release

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

type goreleaser struct {
	Builds   []build `yaml:"builds"`
	Packages []struct {
		ID       string            `yaml:"id"`
		Contents []packaged        `yaml:"contents"`
		Scripts  map[string]string `yaml:"scripts"`
	} `yaml:"nfpms"`
	Checksum struct {
		IDs []string `yaml:"ids"`
	} `yaml:"checksum"`
	Signs []struct {
		Artifacts string   `yaml:"artifacts"`
		IDs       []string `yaml:"ids"`
	} `yaml:"signs"`
}

type build struct {
	ID     string   `yaml:"id"`
	GoOS   []string `yaml:"goos"`
	GoArch []string `yaml:"goarch"`
}

type packaged struct {
	Source string `yaml:"src"`
	Target string `yaml:"dst"`
	Type   string `yaml:"type"`
	Info   struct {
		Mode os.FileMode `yaml:"mode"`
	} `yaml:"file_info"`
}

// The registry serves a provider to those who speak the protocol that the manifest names.
func TestTheManifestNamesTheProvidersProtocol(t *testing.T) {
	t.Parallel()
	var manifest struct {
		Version  int `json:"version"`
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal([]byte(readFile(t, "terraform-registry-manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	// The type is the protocol: main serves what this compiles with.
	serves(providerserver.NewProtocol6(provider.New("test")()))
	if manifest.Version != 1 || !slices.Equal(manifest.Metadata.Protocols, []string{"6.0"}) {
		t.Errorf("manifest = %+v, and the provider speaks protocol 6", manifest)
	}
}

func TestTheProviderIsBuiltForEveryUsualPlatform(t *testing.T) {
	t.Parallel()
	config := readYAML[goreleaser](t, ".goreleaser.yml")
	provider := config.Builds[slices.IndexFunc(config.Builds, func(b build) bool { return b.ID == "provider" })]
	if diff := cmp.Diff([]string{"linux", "darwin", "windows", "freebsd"}, provider.GoOS); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"amd64", "arm64", "386", "arm"}, provider.GoArch); diff != "" {
		t.Error(diff)
	}
}

// The registry refuses sums that name anything but the provider, so whatever else is released is signed itself.
func TestEverythingReleasedIsSigned(t *testing.T) {
	t.Parallel()
	config := readYAML[goreleaser](t, ".goreleaser.yml")
	if diff := cmp.Diff([]string{"provider"}, config.Checksum.IDs); diff != "" {
		t.Errorf("in the sums: %s", diff)
	}
	var signed []string
	for _, s := range config.Signs {
		signed = append(signed, s.Artifacts)
		signed = append(signed, s.IDs...)
	}
	if diff := cmp.Diff([]string{"checksum", "archive", "orbitd", "package", "orbitd-deb"}, signed); diff != "" {
		t.Error(diff)
	}
}

func TestThePackageIsMadeOfFilesThatAreThere(t *testing.T) {
	t.Parallel()
	for _, p := range readYAML[goreleaser](t, ".goreleaser.yml").Packages {
		settings := slices.IndexFunc(p.Contents, func(c packaged) bool { return c.Target == "/etc/orbit/orbitd.env" })
		if settings < 0 {
			t.Fatalf("%s has no settings", p.ID)
		}
		if c := p.Contents[settings]; c.Type != "config|noreplace" || c.Info.Mode != 0o600 {
			t.Errorf("the settings, which may hold secrets, are a %s of mode %o", c.Type, c.Info.Mode)
		}
		for _, c := range p.Contents {
			if c.Source != "" {
				glob(t, c.Source)
			}
		}
		for _, script := range p.Scripts {
			info, err := os.Stat(filepath.Join(root, script))
			if err != nil || info.Mode()&0o100 == 0 {
				t.Errorf("%s: %v, or it is not executable", script, err)
			}
		}
	}
}

// serves takes what speaks version 6 of the plugin protocol.
func serves(func() tfprotov6.ProviderServer) {}
