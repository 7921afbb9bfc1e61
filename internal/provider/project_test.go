package provider_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
)

// project is a folder in which the real Terraform runs, with the provider as a program of its own. Unlike the testing
// library it tells what Terraform says, and lets the world move between plan and apply.
type project struct {
	dir, program string
	env          []string
}

// programs are the folder of the programs that tests build.
var programs = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "orbit-programs-") })

// builtProvider builds the provider once for all tests.
var builtProvider = sync.OnceValues(func() (string, error) { return build("../..", "terraform-provider-orbit") })

// build builds the program of a module's root folder.
func build(module, name string) (string, error) {
	dir, err := programs()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, name)
	command := exec.Command("go", "build", "-o", program, ".")
	command.Dir = module
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, output)
	}
	return program, nil
}

// newProject makes a folder with a configuration, whose provider is set by the environment.
func newProject(t *testing.T, m manager, hcl string) *project {
	t.Helper()
	tf := openProject(t, m, t.TempDir())
	tf.write(t, hcl)
	tf.do(t, "init")
	return tf
}

// openProject takes a folder as it is, not initialised yet.
func openProject(t *testing.T, m manager, dir string) *project {
	t.Helper()
	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	tf := &project{dir: dir, program: os.Getenv("TF_ACC_TERRAFORM_PATH")}
	if tf.program == "" {
		tf.program = "terraform"
	}
	cliConfig, err := workbench.InstallProvider(t.TempDir(), provider)
	if err != nil {
		t.Fatal(err)
	}
	tf.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cliConfig, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"ORBIT_ENDPOINT="+m.endpoint, "ORBIT_TOKEN="+m.token)
	return tf
}

// onOpenTofu says whether the tests are run with OpenTofu, whose providers come from a registry of its own.
func onOpenTofu() bool { return strings.Contains(os.Getenv("TF_ACC_PROVIDER_HOST"), "opentofu") }

// move points the provider to another orbitd.
func (tf *project) move(endpoint string) { tf.env = append(tf.env, "ORBIT_ENDPOINT="+endpoint) }

// write replaces the configuration. One that names no provider gets it.
func (tf *project) write(t *testing.T, hcl string) {
	t.Helper()
	if !strings.Contains(hcl, "required_providers") {
		hcl = "terraform {\n  required_providers {\n    orbit = { source = \"orbit-idp/orbit\" }\n  }\n}\n" + hcl
	}
	if err := os.WriteFile(filepath.Join(tf.dir, "main.tf"), []byte(hcl), 0o600); err != nil {
		t.Fatal(err)
	}
}

// try runs Terraform and returns what it says, its frames and line breaks taken out.
func (tf *project) try(t *testing.T, args ...string) (said string, ok bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), tf.program, append(args, "-no-color")...)
	command.Dir, command.Env = tf.dir, tf.env
	output, err := command.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	said = strings.Join(strings.Fields(strings.ReplaceAll(string(output), "│", " ")), " ")
	for _, bug := range []string{"Provider produced inconsistent", "bug in the provider", "panic"} {
		if strings.Contains(said, bug) {
			t.Fatalf("terraform %s: %s", strings.Join(args, " "), output)
		}
	}
	return said, err == nil
}

// do runs what has to succeed.
func (tf *project) do(t *testing.T, args ...string) string {
	t.Helper()
	said, ok := tf.try(t, args...)
	if !ok {
		t.Fatalf("terraform %s: %s", strings.Join(args, " "), said)
	}
	return said
}

// refuse runs what has to fail.
func (tf *project) refuse(t *testing.T, args ...string) string {
	t.Helper()
	said, ok := tf.try(t, args...)
	if ok {
		t.Fatalf("terraform %s went through: %s", strings.Join(args, " "), said)
	}
	return said
}

// apply plans and applies in one.
func (tf *project) apply(t *testing.T, args ...string) string {
	t.Helper()
	return tf.do(t, append([]string{"apply", "-auto-approve"}, args...)...)
}

// plan saves a plan; `apply plan` applies it.
func (tf *project) plan(t *testing.T, args ...string) string {
	t.Helper()
	return tf.do(t, append([]string{"plan", "-out=plan"}, args...)...)
}

// show is the saved plan as policies read it.
func (tf *project) show(t *testing.T) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), tf.program, "show", "-json", "plan")
	command.Dir, command.Env = tf.dir, tf.env
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		t.Fatalf("terraform show: %v\n%s", err, complaints.String())
	}
	return output
}

// planned is what the saved plan makes of a resource.
func (tf *project) planned(t *testing.T, address string) *tfjson.Change {
	t.Helper()
	var plan tfjson.Plan
	if err := plan.UnmarshalJSON(tf.show(t)); err != nil {
		t.Fatal(err)
	}
	for _, r := range plan.ResourceChanges {
		if r.Address == address {
			return r.Change
		}
	}
	t.Fatalf("the plan has no %s", address)
	return nil
}

// wantChange compares attributes of a planned change; unknown stands for what is known after apply.
func wantChange(t *testing.T, change *tfjson.Change, expected object) {
	t.Helper()
	after, _ := change.After.(map[string]any)
	open, _ := change.AfterUnknown.(map[string]any)
	for name, value := range expected {
		got := after[name]
		if open[name] == true {
			got = unknown
		}
		if fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s = %v, want %v", name, got, value)
		}
	}
}
