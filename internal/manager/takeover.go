package manager

import (
	"context"
	"fmt"
)

// takeLock takes the data directory, or keeps the lock that the orbitd before passed on: there is no moment at which
// another one could take it.
func (m *Manager) takeLock() (err error) {
	if i := m.options.Inherited; i != nil && i.lock != nil {
		m.lock = i.lock
		return nil
	}
	m.lock, err = lock(m.options.DataDir)
	return err
}

// takeOver takes the place of the orbitd before, which serves until this one has all it needs, and whose gateway serves
// until this one's does.
func (m *Manager) takeOver(ctx context.Context, before *link) error {
	o := m.options
	if o.Runtime == nil {
		_, err := Install(ctx, o.CacheDir, func(progress string) { o.Logger.InfoContext(ctx, "installing", "doing", progress) })
		if err != nil {
			return fmt.Errorf("install the release: %w", err)
		}
	}
	if err := before.send(wordPrepared); err != nil {
		return err
	}
	if err := before.await(ctx, wordGo, readyTimeout); err != nil {
		return fmt.Errorf("wait for the orbitd before: %w", err)
	}
	if err := writePID(m.lock); err != nil {
		return fmt.Errorf("write the pid into %s: %w", lockFile, err)
	}
	if err := m.open(ctx); err != nil {
		return err
	}
	var err error
	if m.side, err = listenAtSideDoor(o.RunDir, apiSocket); err != nil {
		return err
	}
	if m.passed, err = listenAtSideDoor(o.RunDir, gatewaySocket); err != nil {
		return err
	}
	m.serve() //nolint:contextcheck // connections last longer than the start
	err = before.send(wordReady)
	before.close()
	return err
}

// workspaces are the names of all instances that are declared.
func (c *core) workspaces(ctx context.Context) ([]string, error) {
	instances, err := c.store.Instances(ctx, "", maxInstances)
	if err != nil {
		return nil, fmt.Errorf("list the instances: %w", err)
	}
	names := make([]string, len(instances))
	for i, instance := range instances {
		names[i] = instance.Workspace
	}
	return names, nil
}

// maxInstances bounds a list of all instances: far more than one machine can run.
const maxInstances = 100_000
