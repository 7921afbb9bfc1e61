package registry

import (
	"context"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// SetClock replaces the registry's clock.
func (r *Registry) SetClock(now func() time.Time) { r.now = now }

// SetMaxTarball replaces the bound of a package that is fetched to look into it, in bytes.
func (r *Registry) SetMaxTarball(bytes int64) { r.maxTarball = bytes }

// Inspect returns the manifest of one exact version.
func (r *Registry) Inspect(ctx context.Context, pkg, version string) (npm.Manifest, error) {
	known, err := r.record(ctx, bundle.Plugin{Package: pkg, Version: version})
	return known.Manifest, err
}

// DefaultExport is what a module of this text exports by default.
func DefaultExport(text string) string { return string(defaultExport(text)) }

// ReadEntry is what the main entry point of a package of these files exports by default.
func ReadEntry(files map[string]string) string { return string(readEntry(files)) }

// Fits says whether engines of this range take this version of Node.js.
func Fits(wanted, node string) bool { return fits(map[string]string{"node": wanted}, node) }
