// Package registry answers what the registry of npm says about packages, before anything is installed. Which registry
// that is, and with which credentials it is asked, is the npm configuration's of the user that orbitd runs as.
package registry

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// DefaultPatience is the default of Options.Patience.
const DefaultPatience = 10 * time.Second

// Options say what a Registry works with.
type Options struct {
	// Dir is the folder in which answers are kept; it is made when it is not there.
	Dir string
	// NPM asks the registry.
	NPM npm.Client
	// Bundles resolve sets of plugins.
	Bundles *bundle.Store
	// Policy says which packages may be asked for at all.
	Policy Policy
	// Node is the version of Node.js that ranges are resolved for: npm prefers packages whose engines take it. Empty
	// prefers none.
	Node string
	// MaxPackageSize bounds what one package may take up unpacked, in bytes, without its dependencies; 0 is
	// bundle.DefaultMaxBytes.
	MaxPackageSize int64
	// Patience is how long a check waits for the registry, because a plan waits for the check; 0 is DefaultPatience.
	// A single question is given up a little earlier.
	Patience time.Duration
	// Logger may be nil.
	Logger *slog.Logger
}

// Registry answers questions about packages. It may be used concurrently.
type Registry struct {
	Options
	now func() time.Time
	// maxTarball bounds a package that is fetched to look into it, in bytes.
	maxTarball int64
	// asking holds one token for each npm that may ask at a time.
	asking  chan struct{}
	mu      sync.Mutex
	answers map[string]answer // by question
	records map[bundle.Plugin]record
}

// New returns a Registry, after removing answers in its folder that nobody has needed for a month.
func New(o Options) (*Registry, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.MaxPackageSize == 0 {
		o.MaxPackageSize = bundle.DefaultMaxBytes
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { // nothing in it is private
		return nil, fmt.Errorf("open the cache of the registry's answers: %w; choose another folder with --cache-dir", err)
	}
	r := &Registry{
		Options: o, now: time.Now, maxTarball: maxPackage, asking: make(chan struct{}, parallelQuestions),
		answers: make(map[string]answer), records: make(map[bundle.Plugin]record),
	}
	r.tidy()
	return r, nil
}
