// Command orbitd is the instance manager: it gives every workspace its own Backstage.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v3"
)

// version is set by the release build.
var version = "dev" //nolint:gochecknoglobals // the linker writes it

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if code := report(run(ctx)); code != 0 {
		os.Exit(code) //nolint:gocritic // the signals need no undoing any more
	}
}

func run(ctx context.Context) error {
	if err := conceal(); err != nil {
		return err
	}
	return command().Run(ctx, os.Args)
}

// report prints the error, if it has words, and returns the exit code.
func report(err error) int {
	if err == nil {
		return 0
	}
	if err.Error() != "" {
		fmt.Fprintln(os.Stderr, "orbitd: "+err.Error())
	}
	var coded cli.ExitCoder
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 1
}

func command() *cli.Command {
	return &cli.Command{
		Name:    "orbitd",
		Usage:   "keeps one Backstage per workspace as Terraform declares it",
		Version: fullVersion(),
		Flags:   []cli.Flag{dataDirFlag(), logLevelFlag(), logFormatFlag()},
		Commands: []*cli.Command{
			serveCommand(), restartCommand(), stopCommand(), resealCommand(), tokenCommand(), installCommand(), bundleCommand(), planCommand(),
			openAPICommand(),
		},
		// main prints the error, once.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
}

// fullVersion is the release's version, and for a build from a checkout the commit.
func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || version != "dev" {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return version + "-" + s.Value[:12]
		}
	}
	return version
}
