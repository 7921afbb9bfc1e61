// Package registry answers what the registry of npm says about packages, before anything is installed. Which registry
// that is, and with which credentials it is asked, is the npm configuration's of the user that orbitd runs as.
package registry

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// Options say what a Registry works with.
type Options struct {
	// Dir is the folder in which answers are kept; it is made when it is not there.
	Dir string
	// NPM asks the registry.
	NPM npm.Client
	// Bundles resolve sets of plugins.
	Bundles *bundle.Store
	// Logger may be nil.
	Logger *slog.Logger
}

// Registry answers questions about packages. It may be used concurrently.
type Registry struct {
	Options
	mu       sync.Mutex
	metadata map[bundle.Plugin]Metadata
}

// New returns a Registry.
func New(o Options) (*Registry, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { // nothing in it is private
		return nil, fmt.Errorf("open the cache of the registry's answers: %w; choose another folder with --cache-dir", err)
	}
	return &Registry{Options: o, metadata: make(map[bundle.Plugin]Metadata)}, nil
}

func (r *Registry) metadataFile(plugin bundle.Plugin) string {
	return filepath.Join(r.Dir, bundle.Hash("metadata", plugin.Package, plugin.Version)+".json")
}
