package registry

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// freshFor is how long it is believed that a version is not deprecated; the registry changes nothing else of a version.
const freshFor = 24 * time.Hour

// record is what is kept of one version.
type record struct {
	// Asked is when the registry said this.
	Asked    time.Time    `json:"asked"`
	Manifest npm.Manifest `json:"manifest"`
	// Entry is what the package's main entry exports, as far as somebody had to look.
	Entry entry `json:"entry,omitempty"`
}

// record returns what is known of a version, after asking if it has to: answers are kept, in memory and in the cache
// folder, and asked for again after a day, because only then a deprecation shows. A *bundle.Error says that the package or
// the version does not exist or, with code unchecked, that the registry did not answer.
func (r *Registry) record(ctx context.Context, plugin bundle.Plugin) (record, error) {
	known, ok := r.known(plugin)
	if ok && r.now().Before(known.Asked.Add(freshFor)) {
		return known, nil
	}
	asked := record{Asked: r.now(), Entry: known.Entry}
	err := r.view(ctx, &asked.Manifest, plugin)
	switch {
	case err == nil:
		r.keep(plugin, asked)
		return asked, nil
	case ok && codeOf(err) == orbit.CodeUnchecked:
		return known, nil // a day old is better than nothing
	default:
		return record{}, r.withNewest(ctx, plugin, err)
	}
}

// withNewest adds, to the error that there is no such version, which one there is.
func (r *Registry) withNewest(ctx context.Context, plugin bundle.Plugin, err error) error {
	var found *bundle.Error
	if !errors.As(err, &found) || found.Code != orbit.CodeVersionNotFound {
		return err
	}
	return &bundle.Error{Code: found.Code, Plugin: found.Plugin, Detail: found.Detail + r.newest(ctx, plugin.Package)}
}

// latest returns the manifest of the package's version with the tag latest.
func (r *Registry) latest(ctx context.Context, pkg string) (npm.Manifest, error) {
	var latest npm.Manifest
	err := r.view(ctx, &latest, bundle.Plugin{Package: pkg})
	return latest, err
}

// newest returns a clause with the newest version of the package, "" when it cannot be told.
func (r *Registry) newest(ctx context.Context, pkg string) string {
	latest, err := r.latest(ctx, pkg)
	if err != nil || latest.Version == "" {
		return ""
	}
	return "; the newest is " + latest.Version
}

func (r *Registry) recordFile(plugin bundle.Plugin) string {
	return filepath.Join(r.Dir, bundle.Hash("record", plugin.Package, plugin.Version)+".json")
}

func (r *Registry) known(plugin bundle.Plugin) (record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.records[plugin]; ok {
		return known, true
	}
	text, err := os.ReadFile(r.recordFile(plugin))
	if err != nil {
		return record{}, false
	}
	var known record
	if err := json.Unmarshal(text, &known); err != nil {
		return record{}, false // half written by a crash: ask again
	}
	r.records[plugin] = known
	return known, true
}

// keep remembers what is known. That the file cannot be written only costs the next orbitd a question.
func (r *Registry) keep(plugin bundle.Plugin, known record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records[plugin] = known
	text, err := json.Marshal(known)
	if err == nil {
		err = os.WriteFile(r.recordFile(plugin), text, 0o644)
	}
	if err != nil {
		r.Logger.Warn("cannot keep what the registry said of a package", "package", plugin.String(), "error", err)
	}
}
