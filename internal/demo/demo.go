package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
)

const (
	quickstart = "examples/quickstart"
	endpoint   = "http://127.0.0.1:7070"
)

// demo is the quickstart with its orbitd.
type demo struct {
	*screen
	root   string // the checkout
	data   string // everything of the demo that is not in the checkout
	orbitd *workbench.Orbitd
	// catalog is where the quickstart's entities are when instances cannot read the checkout; "" when they can.
	catalog string
}

func newDemo() (*demo, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the checkout: %w", err)
	}
	if _, err := os.Stat(filepath.Join(root, quickstart)); err != nil {
		return nil, errors.New("run it from the root of the checkout, with make demo")
	}
	data, err := dataDir()
	if err != nil {
		return nil, err
	}
	d := &demo{screen: newScreen(os.Stdout), root: root, data: data}
	d.orbitd = &workbench.Orbitd{
		Binary: filepath.Join(root, "bin", "orbitd"), DataDir: data, Endpoint: endpoint,
		Progress: func(doing string) { d.say("  %s", doing) },
	}
	return d, nil
}

// dataDir is apart from the place of a real orbitd. As root it is outside of root's home, which the users that
// instances run as cannot enter.
func dataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/orbit-demo", nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder: %w", err)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "orbit-demo"), nil
	}
	return filepath.Join(home, ".local", "share", "orbit-demo"), nil
}

// environmentFile is what a user sources to run Terraform against the demo.
func (d *demo) environmentFile() string { return filepath.Join(d.root, ".orbit", "demo.env") }

// build builds both programs.
func (d *demo) build(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", "bin/", ".", "./cmd/orbitd")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("build orbitd and the provider: %w", err)
	}
	return nil
}

// terraform returns a Terraform in the quickstart that knows the provider just built and the demo's orbitd.
func (d *demo) terraform() (*tfexec.Terraform, error) {
	path, err := exec.LookPath("terraform")
	if err != nil {
		return nil, errors.New("terraform is not in PATH: install Terraform 1.11 or newer")
	}
	provider := filepath.Join(d.root, "bin", "terraform-provider-orbit")
	cliConfig, err := workbench.InstallProvider(filepath.Join(d.root, ".orbit"), provider)
	if err != nil {
		return nil, err
	}
	environment := map[string]string{
		"TF_CLI_CONFIG_FILE": cliConfig, "ORBIT_ENDPOINT": d.orbitd.Endpoint, "ORBIT_TOKEN_FILE": d.orbitd.TokenFile(),
	}
	if d.catalog, err = d.readableCatalog(); err != nil {
		return nil, err
	}
	if err := d.writeEnvironment(environment); err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(filepath.Join(d.root, quickstart), path)
	if err != nil {
		return nil, fmt.Errorf("run Terraform: %w", err)
	}
	for _, name := range []string{"PATH", "HOME"} {
		environment[name] = os.Getenv(name)
	}
	return tf, tf.SetEnv(environment)
}

// writeEnvironment writes what a user sources to run Terraform as the demo does.
func (d *demo) writeEnvironment(environment map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(&text, "export %s=%q\n", name, environment[name])
	}
	if d.catalog != "" {
		fmt.Fprintf(&text, "export TF_VAR_catalog_dir=%q\n", d.catalog)
	}
	if err := os.WriteFile(d.environmentFile(), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the demo's environment: %w", err)
	}
	return nil
}
