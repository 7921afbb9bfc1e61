// Command bench is behind make bench: it measures what Orbit promises, each figure beside its baseline in the same run,
// prints a table and writes the figures to .orbit/bench.json.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1) //nolint:gocritic // the signals need no undoing any more
	}
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "what to measure, separated by commas: "+strings.Join(names(), ", ")+" (default: all)")
	output := flags.String("o", ".orbit/bench.json", "the file the figures go to")
	what := flags.String("serve", "", "be one of the bench's own programs")
	behind := flags.String("behind", "", "what that program is in front of")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *what != "" {
		return serve(ctx, *what, *behind)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	figures, err := measure(ctx, chosen)
	if len(figures) > 0 { // those of the benches that went well are worth having
		if err := table(figures); err != nil {
			return err
		}
		if err := save(*output, figures); err != nil {
			return err
		}
		fmt.Println("\nwritten to " + *output)
	}
	return err
}
