package registry

import (
	"context"
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// checkEntry finds a package whose main entry point has no backend feature. It is certain of that or says nothing: only
// loading tells about a package whose text does not.
func (r *Registry) checkEntry(ctx context.Context, plugin bundle.Plugin, known record) []orbit.Diagnostic {
	found, err := r.entry(ctx, plugin, known)
	switch {
	case codeOf(err) == orbit.CodeUnchecked, errors.Is(err, errSilent):
		return []orbit.Diagnostic{doubt(plugin, orbit.CodeUnchecked, "whether this package has a feature for the new "+
			"backend system could not be checked: "+detailOf(err))}
	case err != nil:
		r.Logger.DebugContext(ctx, "cannot look into a package", "package", plugin.String(), "error", err)
		return nil
	}
	switch found {
	case entryLegacy:
		return []orbit.Diagnostic{problem(plugin, orbit.CodeLegacyBackend, "this version is made for Backstage's old "+
			"backend system only: it exports no backend feature"+r.newStyle(ctx, plugin))}
	case entryAlpha:
		return []orbit.Diagnostic{problem(plugin, orbit.CodeLegacyBackend, "this version has its feature for the new "+
			"backend system in its entry point ./alpha only, and the main one is loaded"+r.newStyle(ctx, plugin))}
	default:
		return nil
	}
}

// entry returns what the version's main entry point exports: what its metadata says, else what is found in its text,
// once.
func (r *Registry) entry(ctx context.Context, plugin bundle.Plugin, known record) (entry, error) {
	if declared := declaredEntry(known.Manifest); declared != "" {
		return declared, nil
	}
	if known.Entry != "" {
		return known.Entry, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.Patience*4/5, errSilent)
	defer cancel()
	files, err := r.Files(ctx, []bundle.Plugin{plugin})
	switch {
	case errors.Is(err, errTooLarge):
		known.Entry = entryUnknown
	case err != nil:
		return "", err
	default:
		known.Entry = readEntry(files[0])
	}
	r.keep(plugin, known)
	return known.Entry, nil
}

// newStyle says which version to take in place of one for the old backend system.
func (r *Registry) newStyle(ctx context.Context, plugin bundle.Plugin) string {
	latest, err := r.latest(ctx, plugin.Package)
	moved := ""
	if err == nil && latest.Backstage.Moved != "" {
		moved = "; it has moved to " + oneLine(latest.Backstage.Moved)
	}
	switch {
	case err != nil || latest.Version == "":
		return "; use a newer version"
	case latest.Version == plugin.Version:
		if moved != "" {
			return moved
		}
		return "; there is no newer version"
	case declaredEntry(latest) == entryFeature:
		return "; use a newer version, the newest is " + latest.Version + ", which has one" + moved
	default:
		return "; use a newer version, the newest is " + latest.Version + moved
	}
}
