package bundle

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// Options say where a Store keeps its bundles and how it makes them.
type Options struct {
	// Dir is the cache; it is made when it is not there. DefaultDir gives the usual place. Users that instances run
	// as must be able to reach it.
	Dir string
	// NPM runs npm.
	NPM npm.Client
	// MaxBytes bounds what the plugins of a set may add to the release, unpacked; 0 is DefaultMaxBytes.
	MaxBytes int64
	// Logger takes one line per build; nil discards them.
	Logger *slog.Logger
	// Progress is told, a few times in a minute, what a build is doing, for people; nil tells nobody. WithProgress
	// replaces it.
	Progress func(message string)
}

// Store makes bundles and hands them out. It may be used concurrently, and several processes may have stores in the
// same folder: of two that want a bundle that is not there yet, one builds it and the other waits.
type Store struct {
	*shared
	progress func(string)
}

// shared is what a Store and its views by WithProgress have in common.
type shared struct {
	dir      string
	npm      npm.Client
	maxBytes int64
	logger   *slog.Logger
	complete sync.Map               // the hashes of bundles without sums that were found complete
	sync     func(dir string) error // writes a finished build to disk
}

// Bundle is an installed set of packages.
type Bundle struct {
	// Dir is the folder with package.json and node_modules. Nothing in it may be changed.
	Dir string
	// Hash is the hash of what the bundle was made from.
	Hash string
}

// NewStore opens the store in options.Dir and removes what builds left there that no longer run.
func NewStore(options Options) (*Store, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Progress == nil {
		options.Progress = func(string) {}
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the bundle cache %s: %w", options.Dir, err)
	}
	s := &Store{progress: options.Progress, shared: &shared{
		dir:      dir,
		npm:      options.NPM,
		maxBytes: cmp.Or(options.MaxBytes, DefaultMaxBytes),
		logger:   options.Logger,
		sync:     syncFilesystem,
	}}
	for _, dir := range []string{s.dir, s.bundles(), s.resolved(), s.derived(), s.used(), s.locks()} {
		if err := makeReachable(dir); err != nil {
			return nil, fmt.Errorf("open the bundle cache: %w; choose another with --cache-dir", err)
		}
	}
	s.removeLeftovers()
	return s, nil
}

// WithProgress returns the same store with another listener for progress.
func (s *Store) WithProgress(progress func(message string)) *Store {
	return &Store{shared: s.shared, progress: progress}
}

// DefaultDir returns the cache's usual place: /var/cache/orbit for root, because the users that instances run as cannot
// read root's home, else orbit in the user's XDG cache folder.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/orbit", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	return filepath.Join(dir, "orbit"), nil
}

// Ensure returns the bundle of the release with these plugins, and installs it first, exactly as Resolve gives it, when it
// is not there. A set that cannot be had gives an *Error. A build that fails or is cancelled leaves nothing.
func (s *Store) Ensure(ctx context.Context, release Release, plugins []Plugin) (Bundle, error) {
	base := s.bundle(release.key())
	s.use(base.Hash)
	if len(plugins) == 0 {
		return s.build(ctx, base, nil, "the packages of "+release.String(), func(ctx context.Context, dir string) error {
			return s.installRelease(ctx, release, dir)
		})
	}
	if err := validate(plugins); err != nil {
		return Bundle{}, err
	}
	plugins = sorted(plugins)
	bundle := s.bundle(pluginsKey(release, plugins))
	s.use(bundle.Hash)
	if s.exists(bundle) {
		return bundle, nil
	}
	base, err := s.Ensure(ctx, release, nil)
	if err != nil {
		return Bundle{}, err
	}
	lock, err := s.Resolve(ctx, release, plugins)
	if err != nil {
		return Bundle{}, err
	}
	return s.build(ctx, bundle, &base, Names(plugins), func(ctx context.Context, dir string) error {
		return s.installPlugins(ctx, release, plugins, lock, base, dir)
	})
}

// Installed returns the bundle of the release with these plugins as Ensure does, if it is installed already; otherwise
// only its hash is of use.
func (s *Store) Installed(release Release, plugins []Plugin) (Bundle, bool) {
	key := release.key()
	if len(plugins) > 0 {
		key = pluginsKey(release, sorted(plugins))
	}
	bundle := s.bundle(key)
	return bundle, s.exists(bundle)
}

// Find returns the bundle with this hash, if it is installed.
func (s *Store) Find(hash string) (Bundle, bool) {
	if !isKey(hash) {
		return Bundle{}, false
	}
	bundle := s.bundle(hash)
	if !s.exists(bundle) {
		return bundle, false
	}
	s.use(hash)
	return bundle, s.exists(bundle)
}

// build returns the bundle, after installing it if nobody has. It shares files with the base, if there is one.
func (s *Store) build(ctx context.Context, bundle Bundle, base *Bundle, what string,
	install func(ctx context.Context, dir string) error,
) (Bundle, error) {
	err := s.once(ctx, work{
		place: place{parent: s.bundles(), key: bundle.Hash}, verb: "install", what: what,
		there: func() bool { return s.exists(bundle) },
		make: func(ctx context.Context, dir string) error {
			if err := install(ctx, dir); err != nil {
				return err
			}
			if err := seal(dir); err != nil {
				return err
			}
			if err := writeSums(dir, base); err != nil {
				return fmt.Errorf("add up what was installed: %w", err)
			}
			// Whoever finds the name takes what is below it for whole, so that has to be on disk before.
			return s.sync(dir)
		},
	})
	if err != nil {
		return Bundle{}, err
	}
	return bundle, nil
}

// NodeDir returns the folder of any installed bundle's node, because npm starts faster on it than on an old one of the
// machine; "" when nothing is installed.
func (s *Store) NodeDir() string {
	nodes, err := filepath.Glob(Node(filepath.Join(s.bundles(), "[0-9a-f]*")))
	if err != nil || len(nodes) == 0 {
		return ""
	}
	return filepath.Dir(nodes[0])
}

func (s *shared) bundles() string  { return filepath.Join(s.dir, "bundles") }
func (s *shared) resolved() string { return filepath.Join(s.dir, "resolved") }
func (s *shared) derived() string  { return filepath.Join(s.dir, "derived") }
func (s *shared) used() string     { return filepath.Join(s.dir, "used") }
func (s *shared) locks() string    { return filepath.Join(s.dir, "locks") }

// parents are the folders whose folders keys address.
func (s *shared) parents() []string { return []string{s.bundles(), s.resolved(), s.derived()} }

func (s *shared) bundle(key string) Bundle {
	return Bundle{Dir: filepath.Join(s.bundles(), key), Hash: key}
}

func isThere(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// exists says whether the bundle is there, whole. One that is older than the sums is looked through once.
func (s *shared) exists(b Bundle) bool {
	if _, err := os.Stat(filepath.Join(b.Dir, sumsFile)); err == nil {
		return true
	}
	if _, err := os.Stat(b.Dir); err != nil {
		return false
	}
	if _, known := s.complete.Load(b.Hash); known {
		return true
	}
	if !hasAllPackages(b.Dir) {
		return false
	}
	s.complete.Store(b.Hash, true)
	return true
}
