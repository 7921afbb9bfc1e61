// Package vetting says whether what is declared can be: a plugin by itself, and an instance with everything that belongs
// to it. It joins what the registry says about packages, what their config schemas say about the app-config, and what
// Backstage is known not to start with. Nothing is touched by it; plan, write and rollout ask the same.
package vetting

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Packages tells about packages before they are installed. A release of "" is the default one; plugins are package names
// with exact versions.
type Packages interface {
	// Alone returns what is wrong with each of the plugins by itself.
	Alone(ctx context.Context, release string, plugins map[string]string) []orbit.Diagnostic
	// Together returns what is wrong with the plugins as all that an instance adds to the release. What is no error is
	// said of those in added alone, which are new.
	Together(ctx context.Context, release string, all, added map[string]string) []orbit.Diagnostic
	// FrontendSet returns what is wrong with the frontend plugins of an instance that has these backend plugins, and says that
	// a web app has to be built with them. What is no error is said of those in added alone.
	FrontendSet(ctx context.Context, release string, backend, all, added map[string]string) []orbit.Diagnostic
	// Schemas returns the config schemas of all that a process with these plugins loads. Where packages cannot be had the
	// error is a *bundle.Error.
	Schemas(ctx context.Context, release string, plugins map[string]string) (configschema.Set, error)
	// WebAppSchemas returns the config schemas that Backstage holds the app-config against before it serves a web app with these
	// frontend plugins. An error says that they are not known, as when no app was built yet.
	WebAppSchemas(ctx context.Context, release string, plugins map[string]string) (configschema.Set, error)
	// KnownSchemas are the same as Schemas where that has found them before.
	KnownSchemas(release string, plugins map[string]string) (set configschema.Set, known bool)
}

// Vetting vets. It may be used concurrently.
type Vetting struct {
	Packages Packages
	// Site tells where a workspace's instance is reached that has the base URL, "" for none; nil where that is not known.
	Site func(workspace, baseURL string) changeplan.Site
}

// Alone returns what is wrong with each of the plugins by itself.
func (v Vetting) Alone(ctx context.Context, release string, plugins map[string]string) []orbit.Diagnostic {
	return v.Packages.Alone(ctx, release, plugins)
}

// Set returns what is wrong with an instance as a whole, given in place of before. A finding about its app-config names
// the plugin whose document is at fault, and where in it.
func (v Vetting) Set(ctx context.Context, workspace string, before, given store.Given) ([]orbit.Diagnostic, error) {
	state, err := given.State()
	if err != nil {
		return nil, err
	}
	found := v.Fit(workspace, given, state)
	if !exact(given.Packages()) {
		return found, nil // it could not be told which package that is, which is said elsewhere
	}
	together := v.Packages.Together(ctx, given.Spec.Release, given.Packages(), added(before, given))
	found = append(found, together...)
	frontend := v.frontend(ctx, before, given)
	found = append(found, frontend...)
	if orbit.HasErrors(together) {
		return found, nil // there is no telling which packages there will be
	}
	backend, app, doubts := v.schemas(ctx, given, !orbit.HasErrors(frontend))
	found = append(found, doubts...)
	literals := backend.LiteralSecrets(state.Effective())
	found = append(found, document(state, backend, app, literals, given.Spec.LiteralSecrets)...)
	masker := secret.NewMasker(values(literals)) // messages quote what they are about
	for i := range found {
		found[i].Message = masker.Mask(found[i].Message)
	}
	return withoutEchoes(found), nil
}

// schemas are those of the packages that a process loads, and those of the web app that it serves, if one can be built. What is
// not known is empty, and said.
func (v Vetting) schemas(ctx context.Context, given store.Given, canBuild bool) (backend, app configschema.Set, doubts []orbit.Diagnostic) {
	known := func(of string, set configschema.Set, err error) configschema.Set {
		if err != nil {
			doubts = append(doubts, unchecked(of, err))
			return configschema.Set{}
		}
		return set
	}
	set, err := v.Packages.Schemas(ctx, given.Spec.Release, given.Packages())
	backend = known("its packages", set, err)
	if given.Spec.HasUI() && canBuild {
		set, err = v.Packages.WebAppSchemas(ctx, given.Spec.Release, given.FrontendPackages())
		app = known("the web app", set, err)
	}
	return backend, app, doubts
}

// frontend returns what is wrong with the plugins that are a part of the web app.
func (v Vetting) frontend(ctx context.Context, before, given store.Given) []orbit.Diagnostic {
	plugins := given.FrontendPackages()
	if len(plugins) == 0 {
		return nil
	}
	if !given.Spec.HasUI() {
		name := slices.Sorted(maps.Keys(plugins))[0]
		return []orbit.Diagnostic{{
			Code: orbit.CodeNotShown, Severity: orbit.SeverityWarning, Plugin: name,
			Message: "this is a part of the web app, and the instance serves none: remove the plugin, or set ui to true",
		}}
	}
	fresh := maps.Clone(plugins)
	if before.Spec.Release == given.Spec.Release && before.Spec.HasUI() {
		known := before.FrontendPackages()
		maps.DeleteFunc(fresh, func(name, version string) bool { return known[name] == version })
	}
	return v.Packages.FrontendSet(ctx, given.Spec.Release, given.Packages(), plugins, fresh)
}

// Fit returns what the documents and secrets of an instance say against each other, what Backstage is known not to start
// with, and what keeps people from signing in. It asks nobody.
func (v Vetting) Fit(workspace string, given store.Given, state changeplan.State) []orbit.Diagnostic {
	whole := declare.Whole{
		Workspace: workspace, Config: state.Config, Fragments: state.Fragments(),
		InMap: func(name string) bool {
			_, inMap := given.Spec.Plugins[name]
			return inMap
		},
		Secrets: given.SecretNames(), Variables: given.Spec.Variables, PluginSecrets: map[string]declare.Names{},
	}
	for name, secrets := range given.PluginSecretNames() {
		whole.PluginSecrets[name] = secrets
	}
	var site changeplan.Site
	if v.Site != nil {
		site = v.Site(workspace, given.Spec.BaseURL)
	}
	return slices.Concat(declare.Set(whole), changeplan.Problems(state), changeplan.SignIn(state, site))
}

// added are the plugins that before did not have in this version, or not beside this release.
func added(before, given store.Given) map[string]string {
	all := given.Packages()
	if before.Spec.Release == given.Spec.Release {
		had := before.Packages()
		maps.DeleteFunc(all, func(name, version string) bool { return had[name] == version })
	}
	return all
}

// exact says whether all versions are, and no range among them could not be resolved.
func exact(plugins map[string]string) bool {
	for _, version := range plugins {
		if _, err := semver.StrictNewVersion(version); err != nil {
			return false
		}
	}
	return true
}

// unchecked says that the schemas of something are not known.
func unchecked(of string, err error) orbit.Diagnostic {
	d := orbit.Diagnostic{Code: orbit.CodeUnchecked, Severity: orbit.SeverityWarning,
		Message: "the app-config could not be checked against the schemas of " + of + ": " + err.Error()}
	var known *bundle.Error
	if errors.As(err, &known) {
		d.Plugin = known.Plugin
	}
	return d
}
