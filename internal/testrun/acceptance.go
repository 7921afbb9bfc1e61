package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// acceptanceVariable is what terraform-plugin-testing waits for before it runs Terraform.
const acceptanceVariable = "TF_ACC"

// acceptancePackage has the tests that drive the provider with Terraform, named TestAcc….
const acceptancePackage = "internal/provider"

// acceptance runs the acceptance tests alone, with the Terraform or OpenTofu that is named.
func (r *run) acceptance(ctx context.Context, program string) {
	env, ok := r.terraform(ctx, program)
	if !ok {
		return
	}
	if r.bundle == "" {
		r.bundle = r.install(ctx)
	}
	if r.bundle == "" || ctx.Err() != nil {
		return // told by install
	}
	_, module := r.packages(ctx)
	r.goTests(ctx, goTests{
		packages: []string{module + "/" + acceptancePackage}, module: module,
		flags: slices.Concat([]string{"-run=^TestAcc"}, wholeFlags()),
		env:   append(env, bundleVariable+"="+r.bundle), needsBundle: true,
	})
}

// terraform returns the environment in which acceptance tests find the program, a path or a name on the PATH.
func (r *run) terraform(ctx context.Context, program string) (env []string, ok bool) {
	path, err := exec.LookPath(program)
	if err != nil {
		r.fail("terraform", "Terraform or OpenTofu, 1.11 or newer, is needed as "+program+": the acceptance tests run it.\n")
		return nil, false
	}
	var version string // "Terraform v1.15.9", between whatever else there is to say
	var complaints strings.Builder
	err = command{args: []string{path, "version"}, dir: r.dir, stdout: func(line string) {
		if named := strings.HasPrefix(line, "Terraform v") || strings.HasPrefix(line, "OpenTofu v"); named && version == "" {
			version = line
		}
	}, stderr: func(line string) { complaints.WriteString(line + "\n") }}.run(ctx)
	if err != nil {
		r.fail("terraform", fmt.Sprintf("%s%v\n", complaints.String(), err))
		return nil, false
	}
	if version == "" {
		r.fail("terraform", path+" version names neither Terraform nor OpenTofu.\n")
		return nil, false
	}
	r.screen.printf("      acceptance tests run %s", version)
	return terraformEnv(path, version), true
}

// terraformEnv tells terraform-plugin-testing what runs its tests, and in whose registry that looks for providers which
// name none. The user's own CLI configuration is left out: it may put another provider in the place of the one under test,
// and OpenTofu says so before its version.
func terraformEnv(path, version string) []string {
	env := []string{acceptanceVariable + "=1", "TF_ACC_TERRAFORM_PATH=" + path, "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + os.DevNull}
	if strings.HasPrefix(version, "OpenTofu ") {
		env = append(env, "TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp")
	}
	return env
}
