package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// resolveTimeout bounds npm's search: with peer dependencies that exclude each other it can be endless.
const resolveTimeout = 5 * time.Minute

// retryFlags make npm ask a registry that is down again within seconds, where its own minute would outlast the plan that
// waits. How often is the npm configuration's to say.
var retryFlags = []string{"--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=4000"}

// Resolve finds out, without installing anything, which packages the release with these plugins is made of. The answer
// for a set is kept and never changes: it is what Ensure installs. A set that cannot be had gives an *Error:
//
//   - invalid_package, invalid_version: a name or version that npm must not be asked for
//   - package_not_found, version_not_found: the registry does not have a plugin
//   - unresolvable: a dependency is missing, the packages cannot be had together, one would take the place of a package of
//     the release, or one comes from elsewhere than a registry or has no hash
//   - install_failed: the registry did not answer, or npm failed for a reason of its own
//
// Without plugins it is the release's own set, and nobody is asked.
func (s *Store) Resolve(ctx context.Context, release Release, plugins []Plugin) (Lock, error) {
	if len(plugins) == 0 {
		return newLock(release, nil, release.Manifest, release.Lockfile)
	}
	if err := validate(plugins); err != nil {
		return Lock{}, err
	}
	plugins = sorted(plugins)
	var lock Lock
	kept := place{parent: s.resolved(), key: pluginsKey(release, plugins)}
	s.use(kept.key)
	err := s.once(ctx, work{
		place: kept, verb: "resolve", what: Names(plugins),
		// Nobody waits until a lock is on disk, because npm can make it again: one that cannot be read is not there.
		there: func() (readable bool) {
			var err error
			lock, err = readLock(release, plugins, kept.dir())
			return err == nil
		},
		make: func(ctx context.Context, dir string) error {
			// What is installed already was resolved once.
			if old, err := readLock(release, plugins, s.bundle(kept.key).Dir); err == nil && old.admit(release) == nil {
				return writeSet(dir, old.Manifest, old.Lockfile)
			}
			return s.resolveIn(ctx, release, plugins, dir)
		},
	})
	return lock, err
}

// resolveIn writes the resolved set to dir.
func (s *Store) resolveIn(ctx context.Context, release Release, plugins []Plugin, dir string) error {
	manifest, err := withPlugins(release.Manifest, plugins)
	if err != nil {
		return fmt.Errorf("read release %s: %w", release.Version, err)
	}
	pinned, err := pin(release)
	if err != nil {
		return fmt.Errorf("read release %s: %w", release.Version, err)
	}
	if err := writeSet(dir, pinned, release.Lockfile); err != nil {
		return err
	}
	s.progress("resolving " + Names(plugins))
	args := append([]string{"install", "--package-lock-only", "--save-exact", "--loglevel=http"}, slices.Concat(release.flags(), retryFlags)...)
	for _, plugin := range plugins {
		args = append(args, plugin.String())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, resolveTimeout, &Error{Code: orbit.CodeUnresolvable,
		Detail: fmt.Sprintf("npm did not find packages that go together within %s", resolveTimeout)})
	defer cancel()
	call := npm.Call{Dir: dir, NodeDir: s.NodeDir(), Args: args, Hold: held(ctx), MaxFile: s.maxBytes}
	if _, err := s.npm.Run(ctx, call); err != nil {
		return s.asInstallError(err, plugins)
	}
	lockfile, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return err
	}
	if lockfile, err = unpin(lockfile, manifest); err != nil {
		return fmt.Errorf("read npm's %s: %w", lockFile, err)
	}
	lock, err := newLock(release, plugins, manifest, lockfile)
	if err != nil {
		return err
	}
	if err := lock.admit(release); err != nil {
		return err
	}
	return writeSet(dir, manifest, lockfile)
}

func readLock(release Release, plugins []Plugin, dir string) (Lock, error) {
	manifest, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return Lock{}, err
	}
	lockfile, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return Lock{}, err
	}
	return newLock(release, plugins, manifest, lockfile)
}
