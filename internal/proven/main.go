// Command proven is behind make proven: it boots each package of backstage/proven/packages.txt on a real instance and
// records what became of it in backstage/proven/results.json and docs/proven-plugins.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

// Where things are, from the checkout's root.
const (
	listFile    = "backstage/proven/packages.txt"
	resultsFile = "backstage/proven/results.json"
	tableFile   = "docs/proven-plugins.md"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "proven: "+err.Error())
		os.Exit(1) //nolint:gocritic // the signals need no undoing any more
	}
}

func run(ctx context.Context, arguments []string) (err error) {
	flags := flag.NewFlagSet("proven", flag.ContinueOnError)
	only := flags.String("only", "", "parts of packages' names, separated by commas: prove those alone")
	force := flags.Bool("force", false, "prove also what is recorded for this release in this version")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	text, err := os.ReadFile(listFile)
	if err != nil {
		return fmt.Errorf("read the list (in the checkout's root): %w", err)
	}
	entries, err := parseList(string(text))
	if err != nil {
		return fmt.Errorf("read %s: %w", listFile, err)
	}
	chosen, err := choose(entries, *only)
	if err != nil {
		return err
	}
	known, err := readResults(resultsFile)
	if err != nil {
		return err
	}
	p := &prover{release: backstage.Default(), results: known.listed(entries), force: *force}
	if err := p.record(); err != nil { // the list may have become shorter
		return err
	}
	todo, unanswered := p.resolve(ctx, chosen)
	if len(todo) == 0 || ctx.Err() != nil {
		return unanswered
	}
	return errors.Join(unanswered, p.prove(ctx, todo))
}
