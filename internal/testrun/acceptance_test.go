package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeTerraform is a program that tells the version it is, and something about its configuration.
func fakeTerraform(t *testing.T, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	script := "#!/bin/sh\n[ \"$*\" = version ] && printf 'Warning: odd\\n%s\\non linux_amd64\\n' '" + version + "' && echo 'no such file' >&2\n"
	// A process that another test starts meanwhile would have the file open for writing, and one that is cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryTerraformIsToldHowToFindTheProvider(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]string{
		"Terraform v1.15.9": nil,
		"OpenTofu v1.12.6":  {"TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			path := fakeTerraform(t, version)
			r := &run{screen: newScreen(io.Discard), results: newResults()}
			got, ok := r.terraform(t.Context(), path)
			want := append([]string{"TF_ACC=1", "TF_ACC_TERRAFORM_PATH=" + path, "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/dev/null"}, want...)
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("ok = %v: %s", ok, diff)
			}
		})
	}
}

func TestAMissingTerraformIsNamed(t *testing.T) {
	t.Parallel()
	r := &run{screen: newScreen(io.Discard), results: newResults()}
	if _, ok := r.terraform(t.Context(), "/nowhere/tofu"); ok {
		t.Error("a Terraform that is not there was found")
	}
	if s := r.results.suites["terraform"]; s == nil || !strings.Contains(s.report(), "/nowhere/tofu") {
		t.Errorf("suite = %v", s)
	}
}
