package managertest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Registry stands in for npm's. It finds every package good. One that no test published anything of has, for each range,
// the lowest version within it. The zero Registry is empty and answers.
type Registry struct {
	mu        sync.Mutex
	published map[string][]*semver.Version
	down      []string
	modules   map[string]string
	schemas   configschema.Set
	webApp    configschema.Set
	held      map[string]held
	vetted    map[string]bool
}

// held is a package about which an answer waits.
type held struct{ reached, release chan struct{} }

// Hold lets the next question about the package by itself wait for release; reached is closed when it does.
func (r *Registry) Hold(name string) (reached <-chan struct{}, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[string]held{}
	}
	h := held{make(chan struct{}), make(chan struct{})}
	r.held[name] = h
	return h.reached, func() { close(h.release) }
}

// Vetted says whether a set with the package was asked about.
func (r *Registry) Vetted(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vetted[name]
}

// Module makes a package a module of another one.
func (r *Registry) Module(name, plugin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.modules == nil {
		r.modules = map[string]string{}
	}
	r.modules[name] = plugin
}

// Know gives every set of packages these config schemas.
func (r *Registry) Know(schemas configschema.Set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.schemas = schemas
}

// KnowWebApp gives every web app these config schemas.
func (r *Registry) KnowWebApp(schemas configschema.Set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.webApp = schemas
}

// Publish adds versions of a package.
func (r *Registry) Publish(name string, versions ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.published == nil {
		r.published = map[string][]*semver.Version{}
	}
	for _, version := range versions {
		r.published[name] = append(r.published[name], semver.MustParse(version))
	}
}

// Fail makes every question about the package fail, as if the registry were down, until Recover.
func (r *Registry) Fail(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = append(r.down, name)
}

// Recover ends Fail.
func (r *Registry) Recover(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = slices.DeleteFunc(r.down, func(down string) bool { return down == name })
}

// Alone finds nothing wrong.
func (r *Registry) Alone(_ context.Context, _ string, plugins map[string]string) []orbit.Diagnostic {
	r.mu.Lock()
	var waits []held
	for name := range plugins {
		if h, isHeld := r.held[name]; isHeld {
			waits = append(waits, h)
			delete(r.held, name)
		}
	}
	r.mu.Unlock()
	for _, h := range waits {
		close(h.reached)
		<-h.release
	}
	return nil
}

// Together finds the modules whose plugin is not among them.
func (r *Registry) Together(_ context.Context, _ string, all, _ map[string]string) []orbit.Diagnostic {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []orbit.Diagnostic
	if r.vetted == nil {
		r.vetted = map[string]bool{}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r.vetted[name] = true
		plugin, isModule := r.modules[name]
		if _, there := all[plugin]; isModule && !there {
			found = append(found, orbit.Diagnostic{
				Code: orbit.CodeModuleWithoutPlugin, Severity: orbit.SeverityError, Plugin: name,
				Message: "this module extends " + plugin + ", which is not there",
			})
		}
	}
	return found
}

// Schemas are those of Know.
func (r *Registry) Schemas(_ context.Context, release string, plugins map[string]string) (configschema.Set, error) {
	set, _ := r.KnownSchemas(release, plugins)
	return set, nil
}

// KnownSchemas are the same.
func (r *Registry) KnownSchemas(string, map[string]string) (configschema.Set, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.schemas, true
}

// WebAppSchemas are those of KnowWebApp.
func (r *Registry) WebAppSchemas(context.Context, string, map[string]string) (configschema.Set, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.webApp, nil
}

// FrontendSet finds nothing wrong.
func (*Registry) FrontendSet(_ context.Context, _ string, _, _, _ map[string]string) []orbit.Diagnostic {
	return nil
}

// Frontend goes by Backstage's rule for the names of packages.
func (*Registry) Frontend(_ context.Context, name, _ string) bool {
	_, id, is := strings.Cut(name, "plugin-")
	return is && !strings.Contains(id, "backend")
}

// Choose returns the newest published version within the range.
func (r *Registry) Choose(_ context.Context, name, versionRange string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.down, name) {
		return "", &orbit.Problem{
			Code: orbit.CodeUnchecked, Title: "No answer", Plugin: name, Detail: "the registry does not answer; try again when it does",
		}
	}
	within, err := semver.NewConstraint(versionRange)
	if err != nil {
		return "", fmt.Errorf("read the range %q: %w", versionRange, err)
	}
	versions, known := r.published[name]
	if !known {
		versions = lowestFirst(versionRange)
	}
	var chosen *semver.Version
	for _, version := range versions {
		if within.Check(version) && (chosen == nil || known && version.GreaterThan(chosen)) {
			chosen = version
		}
	}
	if chosen == nil {
		return "", &orbit.Problem{
			Code: orbit.CodeVersionNotFound, Title: "No version", Plugin: name,
			Detail: fmt.Sprintf("no version of this package is within %s", versionRange),
		}
	}
	return chosen.String(), nil
}

// lowestFirst are the versions that the lowest within a range can be: those that it names, and the next after each.
func lowestFirst(versionRange string) []*semver.Version {
	candidates := []*semver.Version{semver.MustParse("0.0.0")}
	for word := range strings.FieldsFuncSeq(versionRange, func(r rune) bool { return strings.ContainsRune("^~<>=| ", r) }) {
		named, err := semver.NewVersion(strings.NewReplacer(".x", "", ".X", "", ".*", "").Replace(word))
		if err != nil {
			continue // the hyphen between two versions
		}
		patch, minor, major := named.IncPatch(), named.IncMinor(), named.IncMajor()
		candidates = append(candidates, named, &patch, &minor, &major)
	}
	slices.SortFunc(candidates, (*semver.Version).Compare)
	return candidates
}

// Package describes a published version, by Backstage's rule for the names of packages.
func (r *Registry) Package(ctx context.Context, name string, question orbit.PackageQuestion) (orbit.Package, error) {
	release, found := backstage.Find(cmp.Or(question.Release, backstage.Default().Version))
	if !found {
		return orbit.Package{}, &orbit.Problem{Code: orbit.CodeUnknownRelease, Title: "Unknown release", Detail: "there is no " + question.Release}
	}
	version, err := r.Choose(ctx, name, cmp.Or(question.Version, ">=0.0.0"))
	if err != nil {
		return orbit.Package{}, err
	}
	described := orbit.Package{
		Name: name, Version: version, Role: "backend-plugin", Release: release.Version, PluginPackages: []string{name},
		Requires: orbit.PackageRequirements{
			Node: "22 || 24", Backstage: map[string]string{"@backstage/backend-plugin-api": "^1.0.0"},
		},
		Versions: r.newestFirst(name, version), NewBackendSystem: new(true),
	}
	described.LatestVersion = described.Versions[0]
	scope, rest, _ := strings.Cut(name, "plugin-")
	described.PluginID, _, _ = strings.Cut(rest, "-backend")
	if strings.Contains(rest, "-backend-module-") {
		described.Role, described.PluginPackage = "backend-plugin-module", scope+"plugin-"+described.PluginID+"-backend"
		described.Requires.Plugin = described.PluginPackage
	}
	return described, nil
}

// newestFirst are the published versions, or the given one where there are none.
func (r *Registry) newestFirst(name, or string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	published := slices.Clone(r.published[name])
	slices.SortFunc(published, func(a, b *semver.Version) int { return b.Compare(a) })
	versions := make([]string, len(published))
	for i, version := range published {
		versions[i] = version.String()
	}
	if len(versions) == 0 {
		return []string{or}
	}
	return versions
}
