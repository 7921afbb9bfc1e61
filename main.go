// terraform-provider-orbit is the Terraform provider for Backstage instances that orbitd runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	godebug "runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

// collectAt is how much the heap may grow until garbage is collected, in percent. The program lives for one plan or apply,
// in which what it needs is small and what it throws away is much.
const collectAt = 400

func main() {
	godebug.SetGCPercent(collectAt)
	debug := flag.Bool("debug", false, "run under a debugger, and print what TF_REATTACH_PROVIDERS has to be")
	flag.Parse()
	for variable, level := range provider.LogLevels(os.Getenv) {
		_ = os.Setenv(variable, level) // a name and a value that the environment takes
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve the provider:", err)
		os.Exit(1)
	}
}
