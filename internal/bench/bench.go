package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// benches are what can be measured, in the order in which it is.
var benches = []struct {
	name string
	run  func(context.Context, *bench) error
}{
	{"gateway", benchGateway},
	{"rollouts", benchRollouts},
	{"plugins", benchPlugins},
	{"boot", benchBoot},
	{"backstage", benchBackstage},
	{"change", benchChange},
	{"standby", benchStandby},
	{"restart", benchRestart},
	{"memory", benchMemory},
	{"portal", benchPortal},
}

// bench collects the figures of a run.
type bench struct {
	dir     string // temporary, for everybody to enter: as root every instance runs as a user of its own
	started time.Time
	figures []figure

	installation *installation // nil until a bench needs it
	running      *site         // nil until a bench needs it
	sharing      *site         // the same of an ordinary user
	bootSeconds  float64       // a boot from nothing; 0 until benchBoot measured it
	closers      []func() error
}

// atEnd has f called when all is measured, the last one first.
func (b *bench) atEnd(f func() error) { b.closers = append(b.closers, f) }

func (b *bench) close() error {
	var failures []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		failures = append(failures, b.closers[i]())
	}
	return errors.Join(failures...)
}

func (b *bench) add(figures ...figure) { b.figures = append(b.figures, figures...) }

// say prints a line of progress.
func (b *bench) say(format string, values ...any) {
	fmt.Printf("%5.1fs  "+format+"\n", append([]any{time.Since(b.started).Seconds()}, values...)...)
}

func names() []string {
	all := make([]string, len(benches))
	for i, b := range benches {
		all[i] = b.name
	}
	return all
}

// choose returns the names in a list separated by commas; all for an empty one.
func choose(only string) ([]string, error) {
	if only == "" {
		return names(), nil
	}
	chosen := strings.Split(only, ",")
	for _, name := range chosen {
		if !slices.Contains(names(), name) {
			return nil, fmt.Errorf("nothing called %q is measured; there is %s", name, strings.Join(names(), ", "))
		}
	}
	return chosen, nil
}

// measure runs the chosen benches. One that fails does not keep the others from running.
func measure(ctx context.Context, chosen []string) (_ []figure, err error) {
	b := &bench{started: time.Now()}
	if b.dir, err = os.MkdirTemp("", "orbit-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	b.atEnd(func() error { return os.RemoveAll(b.dir) })
	defer func() { err = errors.Join(err, b.close()) }()
	if err := os.Chmod(b.dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	var failures []error
	for _, bench := range benches {
		if !slices.Contains(chosen, bench.name) || ctx.Err() != nil {
			continue
		}
		if err := bench.run(ctx, b); err != nil {
			failures = append(failures, fmt.Errorf("measure %s: %w", bench.name, err))
			b.say("%s: failed: %v", bench.name, err)
		}
	}
	return b.figures, errors.Join(append(failures, ctx.Err())...)
}
