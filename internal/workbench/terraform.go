package workbench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// providerAddress is the provider's address in a registry.
	providerAddress = "orbit-idp/orbit"
	// providerVersion is what a checkout's provider calls itself.
	providerVersion = "0.1.0"
)

// registries are where Terraform and OpenTofu look for a provider whose source names no registry.
func registries() []string { return []string{"registry.terraform.io", "registry.opentofu.org"} }

// InstallProvider puts the provider's binary where a Terraform or OpenTofu with the CLI configuration that it writes
// finds it, as if it came from the registry. Everything is below dir. It returns the path of the configuration, for
// TF_CLI_CONFIG_FILE.
func InstallProvider(dir, binary string) (cliConfig string, err error) {
	mirror := filepath.Join(dir, "mirror")
	for _, registry := range registries() {
		target := filepath.Join(mirror, registry, providerAddress, providerVersion, runtime.GOOS+"_"+runtime.GOARCH)
		if err := replaceProvider(target, binary); err != nil {
			return "", fmt.Errorf("install the provider: %w", err)
		}
	}
	cliConfig = filepath.Join(dir, "terraform.rc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(cliConfig, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write Terraform's CLI configuration: %w", err)
	}
	return cliConfig, nil
}

// replaceProvider copies the binary into the folder. A Terraform may be running the one that is there, so it is replaced,
// not written over.
func replaceProvider(folder, binary string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { // a program for everybody
		return err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	name := filepath.Join(folder, "terraform-provider-orbit_v"+providerVersion)
	if err := os.WriteFile(name+".new", content, 0o755); err != nil { //nolint:gosec // a program for everybody
		return err
	}
	return os.Rename(name+".new", name)
}
