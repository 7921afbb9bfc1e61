package main

import (
	"context"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const instanceReads = 51

// benchMemory looks at the processes of the site as the benches before left them, and asks orbitd for the instance.
func benchMemory(ctx context.Context, b *bench) error {
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	orbitd, err := workbench.MemoryBytes(s.orbitd.PID())
	if err != nil {
		return err
	}
	instance, err := workbench.MemoryBytes(status.PID)
	if err != nil {
		return err
	}
	reading := make([]float64, instanceReads)
	for i := range reading {
		begin := time.Now()
		if _, err := s.status(ctx); err != nil {
			return err
		}
		reading[i] = float64(time.Since(begin).Microseconds()) / 1000
	}
	b.add(figure{"get_instance_ms", median(reading), "ms", "the slowest of them", slices.Max(reading)},
		figure{"orbitd_rss_mb", megabytes(orbitd), "MB", "the instance it runs", megabytes(instance)},
		figure{"instance_rss_mb", megabytes(instance), "MB", "its memory limit", megabytes(orbit.DefaultMemoryLimitMiB << 20)})
	return nil
}
