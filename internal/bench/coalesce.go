package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	plugins     = 10
	parallelism = 10 // Terraform's default
)

// shop is an orbitd with the fake runtime, on which rollouts are counted.
type shop struct {
	server    *managertest.Server
	client    *orbit.Client
	workspace string
}

// benchRollouts counts how often an instance is given a new config while ten plugins are applied in the ways in which
// Terraform does that.
func benchRollouts(ctx context.Context, b *bench) (err error) {
	programs, err := b.installed(ctx)
	if err != nil {
		return err
	}
	if err := os.Setenv("ORBIT_TEST_BUNDLE", programs.bundle); err != nil {
		return err
	}
	server, err := managertest.Start(ctx, managertest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }() //nolint:contextcheck // also after ctx has ended
	client, err := server.Client()
	if err != nil {
		return err
	}
	for i, c := range []struct {
		name       string
		onePerEach float64 // rollouts with one per plugin, and one for what else there is
		run        func(context.Context, *shop) (int, error)
	}{
		{"ten plugins at -parallelism=10", plugins, tenPlugins},
		{"ten plugins and a change of their instance", plugins + 1, tenPluginsAndTheirInstance},
		{"a first apply with ten plugin resources", plugins + 1, firstApply},
		{"a first apply with ten plugins in the map", plugins + 1, firstApplyOfMap},
		{"ten plugins at -parallelism=5", plugins, twoWaves},
		{"destroying an instance with ten plugins", plugins, destroy},
	} {
		b.say("rollouts: %s", c.name)
		s := &shop{server, client, fmt.Sprintf("case-%d", i)}
		n, err := c.run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		b.add(figure{"rollouts_for_ten_plugins", float64(n), "rollouts", c.name + ": one per plugin", c.onePerEach})
	}
	return nil
}

func tenPlugins(ctx context.Context, s *shop) (int, error) {
	return s.after(s.create(ctx, nil), func() error { return s.apply(ctx, parallelism) })
}

func tenPluginsAndTheirInstance(ctx context.Context, s *shop) (int, error) {
	return s.after(s.create(ctx, nil), func() error { return errors.Join(s.change(ctx), s.apply(ctx, parallelism)) })
}

func firstApply(ctx context.Context, s *shop) (int, error) {
	return s.after(nil, func() error { return errors.Join(s.create(ctx, nil), s.apply(ctx, parallelism)) })
}

func firstApplyOfMap(ctx context.Context, s *shop) (int, error) {
	set := map[string]orbit.PluginSpec{}
	for n := range plugins {
		set[pluginName(n)] = orbit.PluginSpec{Version: "1.0.0"}
	}
	return s.after(nil, func() error { return s.create(ctx, set) })
}

func twoWaves(ctx context.Context, s *shop) (int, error) {
	return s.after(s.create(ctx, nil), func() error { return s.apply(ctx, parallelism/2) })
}

func destroy(ctx context.Context, s *shop) (int, error) {
	ready := errors.Join(s.create(ctx, nil), s.apply(ctx, parallelism))
	return s.after(ready, func() error { return s.destroy(ctx) })
}

// after counts the rollouts that run makes, once the instance is ready for it.
func (s *shop) after(ready error, run func() error) (int, error) {
	if ready != nil {
		return 0, ready
	}
	before := s.rollouts()
	err := run()
	return s.rollouts() - before, err
}

// rollouts counts the processes that were given a config; those that only stand by are none.
func (s *shop) rollouts() int {
	n := 0
	for _, call := range s.server.Runtime.Calls() {
		if call.Op == fake.OpActivate && call.Workspace == s.workspace {
			n++
		}
	}
	return n
}

func (s *shop) create(ctx context.Context, set map[string]orbit.PluginSpec) error {
	return s.put(ctx, orbit.IfAbsent(), "app: {title: One}", set)
}

func (s *shop) change(ctx context.Context) error {
	current, err := s.client.GetInstance(ctx, s.workspace)
	if err != nil {
		return err
	}
	return s.put(ctx, orbit.IfMatch(current.ETag), "app: {title: Two}", nil)
}

func (s *shop) put(ctx context.Context, on orbit.Precondition, config string, set map[string]orbit.PluginSpec) error {
	return s.settle(ctx)(s.client.PutInstance(ctx, s.workspace, on, orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: backstage.Default().Version, Config: config, Plugins: set, MemoryLimitMiB: orbit.DefaultMemoryLimitMiB,
	}}))
}

// apply creates the plugins as Terraform does: each waits for its change, that many at a time.
func (s *shop) apply(ctx context.Context, parallelism int) error {
	return s.each(ctx, parallelism, func(ctx context.Context, name string) error {
		return s.settle(ctx)(s.client.PutPlugin(ctx, s.workspace, name, orbit.IfAbsent(),
			orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}}))
	})
}

func (s *shop) destroy(ctx context.Context) error {
	err := s.each(ctx, parallelism, func(ctx context.Context, name string) error {
		return s.settle(ctx)(s.client.DeletePlugin(ctx, s.workspace, name, orbit.Precondition{}))
	})
	if err != nil {
		return err
	}
	return s.settle(ctx)(s.client.DeleteInstance(ctx, s.workspace, orbit.Precondition{}))
}

func (s *shop) each(ctx context.Context, parallelism int, do func(context.Context, string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelism)
	for n := range plugins {
		group.Go(func() error { return do(ctx, pluginName(n)) })
	}
	return group.Wait()
}

func pluginName(n int) string { return fmt.Sprintf("@acme/plugin-p%d-backend", n) }

// settle waits for an accepted change to be applied.
func (s *shop) settle(ctx context.Context) func(*orbit.Change, error) error {
	return func(change *orbit.Change, err error) error {
		if err != nil {
			return err
		}
		if change, err = s.client.WaitChange(ctx, change.ID, nil); err != nil {
			return err
		}
		if change.State != orbit.ChangeApplied {
			return fmt.Errorf("the change is %s: %w", change.State, change.Problem)
		}
		return nil
	}
}
