package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	"--legacy-peer-deps=false", "--force=false", "--engine-strict=false",
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

// installPlugins installs the release with plugins in dir. It resolves the set first, because what cannot be had shows
// within seconds there, and then adds to a copy of the base bundle only what is missing in it.
func (s *Store) installPlugins(ctx context.Context, release Release, plugins []Plugin, base Bundle, dir string) error {
	manifest, err := withFeatures(release.Manifest, plugins)
	if err != nil {
		return fmt.Errorf("read package.json of release %s: %w", release.Version, err)
	}
	if err := writeSet(dir, manifest, release.Lockfile); err != nil {
		return err
	}
	what := describe(plugins)
	nodeDir := filepath.Dir(Node(base.Dir))
	s.progress("resolving " + what)
	resolve := append([]string{"install", "--package-lock-only", "--save-exact"}, installFlags...)
	for _, plugin := range plugins {
		resolve = append(resolve, plugin.String())
	}
	if _, err := s.npm.Run(ctx, npm.Call{Dir: dir, NodeDir: nodeDir, Args: resolve, Hold: held(ctx)}); err != nil {
		return asInstallError(err, plugins)
	}
	if err := cloneModules(filepath.Join(base.Dir, modulesDir), filepath.Join(dir, modulesDir)); err != nil {
		return fmt.Errorf("copy the release's packages: %w", err)
	}
	install := append([]string{"install", "--prefer-offline"}, installFlags...)
	if err := s.npmInstall(ctx, what, dir, nodeDir, plugins, install); err != nil {
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

// withFeatures returns the manifest with the plugins among the packages that the host loads.
func withFeatures(manifest []byte, plugins []Plugin) ([]byte, error) {
	var document, section map[string]json.RawMessage
	if err := json.Unmarshal(manifest, &document); err != nil {
		return nil, err
	}
	var features []string
	if raw, ok := document["orbit"]; ok {
		if err := json.Unmarshal(raw, &section); err != nil {
			return nil, fmt.Errorf("orbit: %w", err)
		}
	}
	if raw, ok := section["features"]; ok {
		if err := json.Unmarshal(raw, &features); err != nil {
			return nil, fmt.Errorf("orbit.features: %w", err)
		}
	}
	for _, plugin := range plugins {
		if !slices.Contains(features, plugin.Package) {
			features = append(features, plugin.Package)
		}
	}
	raw, err := json.Marshal(features)
	if err != nil {
		return nil, err
	}
	if section == nil {
		section = make(map[string]json.RawMessage, 1)
	}
	section["features"] = raw
	if raw, err = json.Marshal(section); err != nil {
		return nil, err
	}
	document["orbit"] = raw
	return json.MarshalIndent(document, "", "  ")
}
