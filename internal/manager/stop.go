package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

// Stop ends the orbitd of the data directory. With all it then stops the instances and the embedded PostgreSQL, whether
// or not an orbitd ran. What is declared stays: the next orbitd starts everything again. It tells what it did.
func Stop(ctx context.Context, o Options, all bool, tell func(string)) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if _, err := os.Stat(o.DataDir); err != nil {
		return fmt.Errorf("no orbitd has run with the data directory %s: %w", o.DataDir, err)
	}
	ran, err := stopRunning(ctx, o.DataDir)
	if err != nil {
		return err
	}
	if ran {
		tell("orbitd stopped")
	} else {
		tell("orbitd did not run")
	}
	if !all {
		return nil
	}
	return stopWorld(ctx, o, tell)
}

func stopWorld(ctx context.Context, o Options, tell func(string)) error {
	file, err := lock(o.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if _, err := os.Stat(postgresDir(o)); o.PostgresURL == "" && err != nil {
		tell("there is nothing else to stop")
		return nil
	}
	// Which processes there are only the store knows, so a PostgreSQL that does not run is started for a moment.
	c, err := openCore(ctx, o, false, func(string) {})
	if err != nil {
		return err
	}
	super := c.supervisor(gateway.New(gateway.Options{Logger: o.Logger}), func(string, string) string { return "" }, nil, 1)
	err = super.StopAll(ctx, func(workspace string) { tell("instance " + workspace + " stopped") })
	if err := errors.Join(err, c.close()); err != nil {
		return err
	}
	if o.PostgresURL == "" {
		if err := postgres.StopRunning(ctx, postgresDir(o)); err != nil {
			return err
		}
		tell("PostgreSQL stopped")
	}
	for _, socket := range []string{apiSocket, gatewaySocket} {
		_ = os.Remove(sideDoor(o.RunDir, socket))
	}
	removeEmpty(o.RunDir)
	return nil
}

// removeEmpty removes the folder, when nothing is left in it but empty folders: sockets go with who listens on them, and
// whatever else is there is somebody else's.
func removeEmpty(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.IsDir() {
			removeEmpty(filepath.Join(dir, entry.Name()))
		}
	}
	_ = os.Remove(dir) // refused where something is left
}
