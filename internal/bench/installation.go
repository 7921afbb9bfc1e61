package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installation is an orbitd built from this checkout and the Backstage release it runs, in its usual cache.
type installation struct {
	orbitd string // the program
	bundle string // the release's folder
}

// installed builds orbitd and has the release installed, once in a run.
func (b *bench) installed(ctx context.Context) (*installation, error) {
	if b.installation != nil {
		return b.installation, nil
	}
	b.say("building orbitd; installing the Backstage release where it is not yet (a minute or two)")
	i := &installation{orbitd: filepath.Join(b.dir, "bin", "orbitd")}
	build := exec.CommandContext(ctx, "go", "build", "-o", i.orbitd, "./cmd/orbitd")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build orbitd (in the checkout's root): %w\n%s", err, output)
	}
	install := exec.CommandContext(ctx, i.orbitd, "install")
	install.Stderr = os.Stderr
	output, err := install.Output()
	if err != nil {
		return nil, fmt.Errorf("install the release: %w", err)
	}
	i.bundle = strings.TrimSpace(string(output))
	b.installation = i
	return i, nil
}
