// Command demo is behind make demo and make demo-down: it runs the quickstart for real, with an orbitd of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo: "+err.Error())
		os.Exit(1) //nolint:gocritic // the signals need no undoing any more
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("usage: demo up|down")
	}
	d, err := newDemo()
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "up":
		return d.up(ctx)
	case "down":
		return d.down(ctx)
	default:
		return fmt.Errorf("unknown command %q: use up or down", arguments[0])
	}
}
