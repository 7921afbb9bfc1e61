package registry

import "time"

// SetClock replaces the registry's clock.
func (r *Registry) SetClock(now func() time.Time) { r.now = now }

// DefaultExport is what a module of this text exports by default.
func DefaultExport(text string) string { return string(defaultExport(text)) }

// ReadEntry is what the main entry point of a package of these files exports by default.
func ReadEntry(files map[string]string) string { return string(readEntry(files)) }

// Fits says whether engines of this range take this version of Node.js.
func Fits(wanted, node string) bool { return fits(map[string]string{"node": wanted}, node) }
