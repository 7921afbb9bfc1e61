package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	manifestFile = "package.json"
	lockFile     = "package-lock.json"
	modulesDir   = "node_modules"
	// installTimeout bounds npm, which waits for a registry as long as that sends a byte now and then.
	installTimeout = 30 * time.Minute
)

// installFlags are for every npm command that writes packages or a lockfile. No package's script is ever run.
var installFlags = []string{
	"--json", "--ignore-scripts", "--no-audit", "--no-fund", "--include=optional", "--omit=dev",
	"--global=false", "--dry-run=false", "--workspaces=false", "--package-lock=true", "--install-strategy=hoisted", "--force=false",
	"--engine-strict=false", "--strict-peer-deps=false",
	"--prefer-dedupe=false", "--omit-lockfile-registry-resolved=true",
	// Git is not run for packages: the first is for an npm that knows it, the second for any.
	"--allow-git=none", "--git=orbitd-runs-no-git",
}

// flags are installFlags with what this release needs.
func (r Release) flags() []string {
	return append(slices.Clone(installFlags), fmt.Sprintf("--legacy-peer-deps=%t", r.LegacyPeers))
}

// installRelease installs the release, exactly as locked, in dir.
func (s *Store) installRelease(ctx context.Context, release Release, dir string) error {
	if err := writeSet(dir, release.Manifest, release.Lockfile); err != nil {
		return err
	}
	args := append([]string{"ci", "--prefer-offline"}, release.flags()...)
	if err := s.npmInstall(ctx, installation{what: release.String(), dir: dir, args: args}); err != nil {
		return err
	}
	return linkPostgres(dir)
}

// installPlugins installs the release with plugins, exactly as resolved, in dir: it adds to a copy of the base bundle only
// what is missing in it.
func (s *Store) installPlugins(ctx context.Context, release Release, plugins []Plugin, lock Lock, base Bundle, dir string) error {
	if err := writeSet(dir, lock.Manifest, lock.Lockfile); err != nil {
		return err
	}
	if err := cloneModules(filepath.Join(base.Dir, modulesDir), filepath.Join(dir, modulesDir)); err != nil {
		return fmt.Errorf("copy the release's packages: %w", err)
	}
	args := append([]string{"install", "--prefer-offline"}, release.flags()...)
	err := s.npmInstall(ctx, installation{
		what: Names(plugins), dir: dir, nodeDir: filepath.Dir(Node(base.Dir)), args: args, lock: lock, plugins: plugins,
	})
	if err != nil {
		return err
	}
	if err := lock.installedIn(dir); err != nil {
		return err
	}
	return linkPostgres(dir)
}

// installation is one npm command that puts packages in a folder.
type installation struct {
	what, dir, nodeDir string
	args               []string
	// lock is what is added to the folder, and plugins are what brings it; without plugins nothing is limited.
	lock    Lock
	plugins []Plugin
}

// npmInstall runs npm and tells how far it is. It ends npm when the plugins bring more than the limit.
func (s *Store) npmInstall(ctx context.Context, i installation) error {
	call := npm.Call{Dir: i.dir, NodeDir: i.nodeDir, Args: i.args, Hold: held(ctx)}
	ctx, stop := context.WithTimeoutCause(ctx, installTimeout, &Error{Code: orbit.CodeInstallFailed,
		Detail: fmt.Sprintf("npm did not install the packages within %s: is the registry slow?", installTimeout)})
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := Tell(s.report(i.what, i.dir))
	ended := make(chan struct{})
	var watching sync.WaitGroup
	growth := s.growth(i)
	if len(i.plugins) > 0 {
		call.MaxFile = s.maxBytes
		watching.Go(func() { growth.watch(ended, cancel) })
	}
	_, err := s.npm.Run(ctx, call)
	close(ended)
	watching.Wait()
	end()
	if err == nil && len(i.plugins) > 0 {
		return growth.check()
	}
	return s.asInstallError(err, i.plugins)
}

// report tells how many of the locked packages are there.
func (s *Store) report(what, dir string) func(elapsed time.Duration) {
	packages := lockedPackages(dir)
	return func(elapsed time.Duration) {
		there := 0
		for _, name := range packages {
			if _, err := os.Stat(filepath.Join(dir, name, manifestFile)); err == nil {
				there++
			}
		}
		s.progress(fmt.Sprintf("installing %s: %d of %d packages, %s", what, there, len(packages), elapsed.Round(time.Second)))
	}
}

// asInstallError turns an npm that failed into an *Error and leaves any other error alone.
func (s *shared) asInstallError(err error, plugins []Plugin) error {
	var failure *npm.Failure
	switch {
	case !errors.As(err, &failure):
		return err
	case failure.FileTooLarge():
		return tooLarge(s.maxBytes, "one file of it alone is larger", plugins)
	default:
		return asError(failure, plugins)
	}
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
