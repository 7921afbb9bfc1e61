// Command testrun runs the project's tests and shows how they go: a line for every package as it ends, a sign of life
// while something takes long, the output of failed tests only, and at the end what was skipped and why, the figures
// that tests measured, and the line `N passed, N failed, N skipped`.
//
// Without a flag it first has the Backstage release installed (while everything that can do without runs), and tests
// against it; see [run]. The release's folder may be given in ORBIT_TEST_BUNDLE, which spares the installation.
//
// It exits with 1 where anything failed.
package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	short := flag.Bool("short", false, "run unit tests only: without a Backstage release and without Terraform")
	acceptance := flag.String("acceptance", "", "run the acceptance tests only, with this `program`: a Terraform or an OpenTofu")
	flag.Parse()
	if !testAll(*short, *acceptance) {
		os.Exit(1)
	}
}

// testAll runs the tests until they end or a signal comes, and reports whether all passed.
func testAll(short bool, acceptance string) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	screen := newScreen(os.Stdout)
	beatCtx, stopBeat := context.WithCancel(ctx)
	var beat sync.WaitGroup
	beat.Go(func() { screen.beat(beatCtx) })

	r := &run{
		screen:   screen,
		results:  newResults(),
		raceable: hasCCompiler(),
		bundle:   os.Getenv(bundleVariable),
	}
	switch {
	case short:
		r.unit(ctx)
	case acceptance != "":
		r.acceptance(ctx, acceptance)
	default:
		r.everything(ctx)
	}
	if ctx.Err() != nil {
		r.fail("testrun", "interrupted before the end\n")
	}

	stopBeat()
	beat.Wait()
	return r.results.conclude(os.Stdout)
}

// hasCCompiler reports whether the race detector can be linked.
func hasCCompiler() bool {
	for _, compiler := range []string{os.Getenv("CC"), "gcc", "clang"} {
		if compiler == "" {
			continue
		}
		if _, err := exec.LookPath(compiler); err == nil {
			return os.Getenv("CGO_ENABLED") != "0"
		}
	}
	return false
}
