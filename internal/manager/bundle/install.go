package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

const (
	manifestFile = "package.json"
	lockFile     = "package-lock.json"
	modulesDir   = "node_modules"
	// progressInterval is how often a build tells how far it is.
	progressInterval = 3 * time.Second
)

// installFlags are for every npm command that writes packages or a lockfile. No package's script is ever run.
var installFlags = []string{
	"--json", "--ignore-scripts", "--no-audit", "--no-fund", "--include=optional", "--omit=dev",
	"--global=false", "--dry-run=false", "--workspaces=false", "--package-lock=true", "--install-strategy=hoisted",
	"--legacy-peer-deps=false", "--force=false", "--engine-strict=false", "--strict-peer-deps=false",
	"--prefer-dedupe=false", "--omit-lockfile-registry-resolved=true",
	// Git is not run for packages: the first is for an npm that knows it, the second for any.
	"--allow-git=none", "--git=orbitd-runs-no-git",
}

// installRelease installs the release, exactly as locked, in dir.
func (s *Store) installRelease(ctx context.Context, release Release, dir string) error {
	if err := writeSet(dir, release.Manifest, release.Lockfile); err != nil {
		return err
	}
	args := append([]string{"ci", "--prefer-offline"}, installFlags...)
	if err := s.npmInstall(ctx, "release "+release.Version, dir, "", nil, args); err != nil {
		return err
	}
	return linkPostgres(dir)
}

// installPlugins installs the release with plugins, exactly as resolved, in dir: it adds to a copy of the base bundle only
// what is missing in it.
func (s *Store) installPlugins(ctx context.Context, plugins []Plugin, lock Lock, base Bundle, dir string) error {
	if err := writeSet(dir, lock.Manifest, lock.Lockfile); err != nil {
		return err
	}
	if err := cloneModules(filepath.Join(base.Dir, modulesDir), filepath.Join(dir, modulesDir)); err != nil {
		return fmt.Errorf("copy the release's packages: %w", err)
	}
	args := append([]string{"install", "--prefer-offline"}, installFlags...)
	if err := s.npmInstall(ctx, describe(plugins), dir, filepath.Dir(Node(base.Dir)), plugins, args); err != nil {
		return err
	}
	if err := lock.installedIn(dir); err != nil {
		return err
	}
	return linkPostgres(dir)
}

// npmInstall runs the npm command that puts the packages in dir, and tells how far it is.
func (s *Store) npmInstall(ctx context.Context, what, dir, nodeDir string, plugins []Plugin, args []string) error {
	ended := make(chan struct{})
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		s.report(what, dir, ended)
	}()
	_, err := s.npm.Run(ctx, npm.Call{Dir: dir, NodeDir: nodeDir, Args: args, Hold: held(ctx)})
	close(ended)
	<-reported
	return asInstallError(err, plugins)
}

// report tells, until ended is closed, how many of the locked packages are there.
func (s *Store) report(what, dir string, ended <-chan struct{}) {
	start := time.Now()
	packages := lockedPackages(dir)
	tell := func() {
		there := 0
		for _, name := range packages {
			if _, err := os.Stat(filepath.Join(dir, name, manifestFile)); err == nil {
				there++
			}
		}
		s.progress(fmt.Sprintf("installing %s: %d of %d packages, %s", what, there, len(packages),
			time.Since(start).Round(time.Second)))
	}
	tell()
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			tell()
		}
	}
}

// asInstallError turns an npm that failed into an *Error and leaves any other error alone.
func asInstallError(err error, plugins []Plugin) error {
	var failure *npm.Failure
	if errors.As(err, &failure) {
		return asError(failure, plugins)
	}
	return err
}

// writeSet writes the two files that npm installs from.
func writeSet(dir string, manifest, lock []byte) error {
	for name, text := range map[string][]byte{manifestFile: manifest, lockFile: lock} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
