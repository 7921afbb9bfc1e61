package main

import (
	"context"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
)

const (
	portalVisits = 7
	// settling is how long a process that was restarted has before its memory is looked at, and samples how often that is
	// done: Node's garbage collector moves it by tens of megabytes.
	settling      = 10 * time.Second
	memorySamples = 21
	sampleEvery   = 500 * time.Millisecond
)

// benchPortal opens the catalog of a real Backstage in a browser that has nothing of it yet, and compares the memory of an
// instance with the web app to that of the same one without.
func benchPortal(ctx context.Context, b *bench) error {
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	browser, err := b.browser(ctx)
	if err != nil {
		return err
	}
	if browser == nil {
		b.say("portal: Chromium is not installed and left out")
		return nil
	}
	var first, meaningful []float64
	for i := range portalVisits {
		b.say("portal: visit %d of %d", i+1, portalVisits)
		shown, err := look(browser, "http://"+s.name(), "/catalog", catalogDescription)
		if err != nil {
			return err
		}
		first, meaningful = append(first, shown.first.Seconds()), append(meaningful, shown.meaningful.Seconds())
	}
	b.add(figure{"catalog_paint_s", median(meaningful), "s", "its first contentful paint", median(first)})

	without, with := s.declared, s.declared
	without.headless = true
	var memory [2]float64
	for i, d := range []declared{without, with} {
		b.say("portal: memory, %d of 2", i+1)
		if err := s.declare(ctx, d); err != nil {
			return err
		}
		if err := s.signIn(ctx); err != nil {
			return err
		}
		if !d.headless {
			if _, err := look(browser, "http://"+s.name(), "/catalog", catalogDescription); err != nil {
				return err
			}
		}
		if memory[i], err = s.settledMemory(ctx); err != nil {
			return err
		}
	}
	b.add(figure{"instance_with_app_rss_mb", memory[1], "MB", "without the app", memory[0]})
	return nil
}

// settledMemory is the memory of the instance's process in MB, some time after it was started.
func (s *site) settledMemory(ctx context.Context) (float64, error) {
	status, err := s.status(ctx)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, settling); err != nil {
		return 0, err
	}
	samples := make([]float64, memorySamples)
	for i := range samples {
		bytes, err := workbench.MemoryBytes(status.PID)
		if err != nil {
			return 0, err
		}
		samples[i] = megabytes(bytes)
		if err := pause(ctx, sampleEvery); err != nil {
			return 0, err
		}
	}
	return median(samples), nil
}
