package managertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// clusters are data directories of PostgreSQL for any number of orbitds. initdb, which takes longer than the rest of an
// orbitd's start, runs once for all: each gets a copy of what it made.
type clusters struct {
	once sync.Once
	dir  string
	err  error
}

// give puts a data directory where an orbitd with this DataDir looks for its own.
func (c *clusters) give(ctx context.Context, dataDir string) error {
	c.once.Do(func() { c.dir, c.err = makeCluster(ctx) })
	if c.err != nil {
		return fmt.Errorf("make a data directory of PostgreSQL: %w", c.err)
	}
	if err := os.MkdirAll(dataDir, 0o711); err != nil { // PostgreSQL's user passes through it
		return fmt.Errorf("make room for PostgreSQL: %w", err)
	}
	// cp keeps owners and modes, and shares blocks where the file system can.
	cp := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", filepath.Join(c.dir, clusterName), filepath.Join(c.dir, clusterName+".password"), dataDir)
	if output, err := cp.CombinedOutput(); err != nil {
		return fmt.Errorf("copy a data directory of PostgreSQL: %w: %s", err, output)
	}
	return nil
}

func (c *clusters) remove() error {
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// clusterName is the folder of PostgreSQL in orbitd's data directory.
const clusterName = "postgres"

// makeCluster makes a data directory of a server that is quick, and ends the server.
func makeCluster(ctx context.Context) (dir string, err error) {
	p, err := StartPostgres(ctx)
	if err != nil {
		return "", err
	}
	if err := p.server.Stop(ctx); err != nil {
		return "", errors.Join(err, os.RemoveAll(p.dir))
	}
	return p.dir, nil
}
