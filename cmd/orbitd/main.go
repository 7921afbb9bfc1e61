// Command orbitd is the instance manager: it gives every workspace its own Backstage.
package main

import (
	"context"
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
	if err := command().Run(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "orbitd: "+err.Error())
		os.Exit(1) //nolint:gocritic // the signals need no undoing any more
	}
}

func command() *cli.Command {
	return &cli.Command{
		Name:    "orbitd",
		Usage:   "keeps one Backstage per workspace as Terraform declares it",
		Version: fullVersion(),
		Flags:   []cli.Flag{dataDirFlag(), logLevelFlag(), logFormatFlag()},
		Commands: []*cli.Command{
			serveCommand(), stopCommand(), installCommand(), openAPICommand(),
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
