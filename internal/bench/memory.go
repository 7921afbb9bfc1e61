package main

import (
	"context"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// benchMemory looks at the processes of the site as the benches before left them.
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
	b.add(figure{"orbitd_rss_mb", megabytes(orbitd), "MB", "the instance it runs", megabytes(instance)},
		figure{"instance_rss_mb", megabytes(instance), "MB", "its memory limit", megabytes(orbit.DefaultMemoryLimitMiB << 20)})
	return nil
}
