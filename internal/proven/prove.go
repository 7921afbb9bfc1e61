package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const rolePlugin = "backend-plugin"

// alone is the instance with nothing but the release, which the others are compared with.
type alone struct {
	memory  int64
	plugins map[string]bool
}

// baseBoots is how often the release is booted alone; the median of their memory counts.
const baseBoots = 3

func (s *site) alone(ctx context.Context) (alone, error) {
	var base alone
	var all []int64
	for range baseBoots {
		workspace := s.next()
		r, err := s.boot(ctx, workspace, nil, "")
		if err != nil {
			return base, fmt.Errorf("boot the release alone: %w", err)
		}
		if err := s.remove(ctx, workspace); err != nil {
			return base, err
		}
		fmt.Printf("%-72s %4.1f s  %4.0f MB\n", "the release alone", r.boot.Seconds(), megabytes(r.memory))
		all, base.plugins = append(all, r.memory), r.plugins
	}
	slices.Sort(all)
	base.memory = all[len(all)/2]
	return base, nil
}

// resolved is an entry with what the registry says about it.
type resolved struct {
	entry
	release backstage.Release
	role    string
	plugins map[string]orbit.PluginSpec // those that are to be added to the release
	version string                      // of the subject
}

// resolve asks the registry for the versions of the entry. What the release has is taken as it is there.
func resolve(ctx context.Context, e entry, release backstage.Release) (resolved, error) {
	r := resolved{entry: e, release: release, plugins: map[string]orbit.PluginSpec{}}
	for i, w := range e.all() {
		version, contained := inRelease(release, w.name)
		if contained {
			w.version = version
		}
		found, err := view(ctx, w)
		if err != nil {
			return r, err
		}
		if i == 0 {
			r.version, r.role = found.Version, found.Backstage.Role
		}
		if !contained {
			r.plugins[w.name] = orbit.PluginSpec{Version: found.Version}
		}
	}
	return r, nil
}

func inRelease(release backstage.Release, name string) (version string, contained bool) {
	for _, p := range release.Packages {
		if p.Name == name {
			return p.Version, true
		}
	}
	return "", false
}

// prove boots the packages and says what became of them. An error is one that says nothing about them.
func (s *site) prove(ctx context.Context, r resolved, base alone, config appconfig.Document) (backstage.ProvenPackage, error) {
	p := r.result()
	text := ""
	if !config.IsEmpty() {
		text = string(config.JSON())
		p.Config = json.RawMessage(text)
	}
	workspace := s.next()
	found, failure := s.boot(ctx, workspace, r.plugins, text)
	if ctx.Err() != nil {
		return p, ctx.Err()
	}
	if err := s.remove(ctx, workspace); err != nil { // an orbitd that is gone, for one
		return p, errors.Join(failure, err)
	}
	if failure == nil {
		failure = r.isIn(found.plugins, base.plugins)
	}
	if failure != nil {
		p.Reason = reasonOf(failure)
		return p, nil
	}
	p.Booted = true
	p.BootSeconds = round(found.boot.Seconds(), 2)
	p.AddedMB = round(megabytes(found.memory-base.memory), 1)
	return p, nil
}

func (r resolved) result() backstage.ProvenPackage {
	p := backstage.ProvenPackage{Package: r.subject.name, Version: r.version, Release: r.release.Version}
	_, p.InRelease = inRelease(r.release, r.subject.name)
	for _, w := range r.with {
		if spec, added := r.plugins[w.name]; added {
			p.With = append(p.With, w.name+"@"+spec.Version)
		}
	}
	return p
}

// isIn says whether Backstage has initialised a plugin that it does not have without the package. A module has no
// plugin of its own: that the host loaded every package, and that all started, is all there is to see.
func (r resolved) isIn(now, before map[string]bool) error {
	if _, contained := inRelease(r.release, r.subject.name); contained || r.role != rolePlugin {
		return nil
	}
	for id := range now {
		if !before[id] {
			return nil
		}
	}
	return errors.New("the process started, and Backstage says of no new plugin that it was initialised")
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func round(v float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(v*unit) / unit
}
