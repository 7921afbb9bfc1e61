package manager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// openApps returns the builder of web apps over the store. As root the build runs as the user.
func openApps(o Options, store *bundle.Store) *webapp.Builder {
	options := webapp.Options{
		Store: store, Sources: backstage.App(), SourcesHash: backstage.AppHash(),
		Node: func(ctx context.Context) (string, error) {
			release, err := find(backstage.Default().Version)
			if err != nil {
				return "", err
			}
			base, err := store.Ensure(ctx, release, nil)
			return bundle.Node(base.Dir), err
		},
	}
	if !o.sharesUser() {
		options.UserID = uint32(o.buildUserID())
	}
	return webapp.New(options)
}

// App is the web app of a release with frontend plugins, built or not.
func (p packages) App(version string, plugins map[string]string) webapp.App {
	release, err := findApp(version)
	if err != nil {
		return webapp.App{}
	}
	app, _ := p.apps.Find(release, outside(release, plugins))
	return app
}

// FindApp is the web app with the hash, if it is built.
func (p packages) FindApp(hash string) (webapp.App, bool) {
	dir, built := p.store.Derived(hash)
	return webapp.App{Dir: dir, Hash: hash}, built && hash != ""
}

// EnsureApp builds the web app of a release with frontend plugins.
func (p packages) EnsureApp(ctx context.Context, version string, plugins map[string]string, progress func(string)) (webapp.App, error) {
	release, err := findApp(version)
	if err != nil {
		return webapp.App{}, err
	}
	return p.apps.Ensure(ctx, release, outside(release, plugins), progress)
}

// errNoAppYet says that the first web app is being built.
var errNoAppYet = errors.New("it is not built yet; orbitd builds it as soon as it has started")

// WebAppSchemas are the config schemas that Backstage holds the app-config against before it serves a web app with these
// plugins. Where that is not built they are those of the app that all instances share, and those of what the plugins add.
func (p packages) WebAppSchemas(ctx context.Context, version string, plugins map[string]string) (configschema.Set, error) {
	frontend, err := findApp(version)
	if err != nil {
		return configschema.Set{}, err
	}
	backend, err := find(version)
	if err != nil {
		return configschema.Set{}, err
	}
	added := outside(frontend, plugins)
	if app, built := p.apps.Find(frontend, added); built {
		return p.schemas.OfWebApp(app)
	}
	shared, built := p.apps.Find(frontend, nil)
	if !built {
		return configschema.Set{}, errNoAppYet
	}
	own, err := p.schemas.OfWebApp(shared)
	if err != nil {
		return configschema.Set{}, err
	}
	others, err := p.schemas.Added(ctx, backend, frontend, added)
	return configschema.Join(others, own), err
}

// buildApp builds the web app that most instances serve, so that the first of them does not wait for it.
func (m *Manager) buildApp(ctx context.Context, packages packages) {
	m.options.Logger.Info("building the web app, unless it is there")
	_, err := packages.EnsureApp(ctx, backstage.Default().Version, nil, func(doing string) {
		m.options.Logger.Debug("building the web app", "doing", doing)
	})
	if err != nil && ctx.Err() == nil {
		m.options.Logger.Warn("the web app is not built yet: an instance that is started tries again", "error", err)
	}
}

// Hidden are the frontend packages of a release that an instance with these plugins does not show, sorted: those that are for
// a backend package that it does not have, unless it declares them itself.
func (p packages) Hidden(version string, backend, frontend map[string]string) []string {
	release, _ := backstage.Find(version)
	var hidden []string
	for name, needed := range release.App.Needs {
		_, added := backend[needed]
		_, declared := frontend[name]
		if !added && !declared && !slices.Contains(release.Features, needed) {
			hidden = append(hidden, name)
		}
	}
	slices.Sort(hidden)
	return hidden
}

// Frontend says whether an exact version of a package is a part of the web app.
func (p packages) Frontend(ctx context.Context, name, version string) bool {
	return p.registry.Frontend(ctx, bundle.Plugin{Package: name, Version: version})
}

// inApp finds the plugins that the web app of the release has in another version.
func inApp(version string, plugins map[string]string) []orbit.Diagnostic {
	release, err := findApp(cmp.Or(version, backstage.Default().Version))
	if err != nil {
		return nil // the instance itself is refused for this
	}
	var found []orbit.Diagnostic
	own := release.Dependencies()
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		if has := own[name]; has != "" && has != plugins[name] {
			found = append(found, orbit.Diagnostic{
				Code: orbit.CodeInRelease, Severity: orbit.SeverityError, Plugin: name, Path: "version",
				Message: fmt.Sprintf("the web app of release %s has this package already, in version %s: remove the plugin, or "+
					"name that version", release.Version, has),
			})
		}
	}
	return found
}

// FrontendSet finds what is wrong with the frontend plugins of an instance, and says where a web app has to be built.
func (p packages) FrontendSet(ctx context.Context, version string, backend, all, added map[string]string) []orbit.Diagnostic {
	release, err := findApp(cmp.Or(version, backstage.Default().Version))
	if err != nil {
		return nil // the instance itself is refused for this
	}
	served, err := findOrDefault(version)
	if err != nil {
		return nil
	}
	found := p.registry.WithoutBackend(ctx, served, backend, set(added))
	beside, fresh := outside(release, all), outside(release, added)
	if len(fresh) == 0 {
		return found
	}
	found = append(found, p.registry.CheckFrontend(ctx, release, beside, fresh)...)
	if _, built := p.apps.Find(release, beside); built || orbit.HasErrors(found) {
		return found
	}
	names := make([]string, len(beside))
	for i, plugin := range beside {
		names[i] = plugin.Package
	}
	return append(found, orbit.Diagnostic{
		Code: orbit.CodeAppBuild, Severity: orbit.SeverityWarning, Plugin: fresh[0].Package,
		Message: fmt.Sprintf("a web app with %s is built before the instance is restarted, because the one that all instances share "+
			"has no such part; that takes about a minute, once for all instances with the same parts, and 1.5 GB of memory",
			strings.Join(names, ", ")),
	})
}

// outside are the plugins that the web app of the release does not have by itself.
func outside(release bundle.Release, plugins map[string]string) []bundle.Plugin {
	own := release.Dependencies()
	return slices.DeleteFunc(set(plugins), func(p bundle.Plugin) bool { return own[p.Package] == p.Version })
}

func findApp(version string) (bundle.Release, error) {
	release, found := backstage.Find(version)
	if !found {
		_, err := find(version)
		return bundle.Release{}, err
	}
	return bundle.Release{
		Version: release.Version, Manifest: release.App.Manifest, Lockfile: release.App.Lockfile, LegacyPeers: true,
	}, nil
}
