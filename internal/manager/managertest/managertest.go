// Package managertest starts a real orbitd for tests, with PostgreSQL and everything else but Backstage: its processes
// are those of the fake runtime, which serve HTTP.
package managertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// ErrNoBundle says that the release, which has PostgreSQL, is not installed. Tests skip then; make test installs it.
var ErrNoBundle = errors.New("ORBIT_TEST_BUNDLE does not name an installed release: make test sets it")

// stopTimeout bounds Close.
const stopTimeout = 30 * time.Second

// Server is an orbitd for tests.
type Server struct {
	// Runtime is what its instances run on: where faults are set and calls are seen.
	Runtime *fake.Runtime
	// Registry is what orbitd asks about packages.
	Registry *Registry
	// Manager is the orbitd that runs now.
	Manager *manager.Manager

	options     manager.Options
	dir         string
	databaseURL string
	closed      bool
}

// Options change what a Server is.
type Options struct {
	// Boot decides whether an instance starts with what it is given; nil accepts everything.
	Boot func(workspace, bundle string, boot runtime.Boot) error
	// DrainTimeout is how long a process that was replaced may finish what it has; 1 s by default.
	DrainTimeout time.Duration
	// Logger takes orbitd's log; nil is Logger's.
	Logger *slog.Logger
	// CacheDir is the manager's; "" is the one that the installed release is in.
	CacheDir string
	// SharedUser is the manager's.
	SharedUser bool
	// AllowPackages and DenyPackages are the manager's; no allow list lets everything be added.
	AllowPackages, DenyPackages []string
	// SignInFile is the manager's.
	SignInFile string
	// Gateway changes how the gateway is reached; nil leaves it at a free port of 127.0.0.1.
	Gateway func(*manager.Options)
	// Memory is the manager's; nil is plenty, whatever the machine has.
	Memory func() (memory.State, error)

	// clusters give it PostgreSQL's data; nil lets it make its own, as an orbitd does.
	clusters *clusters
}

// Start starts an orbitd on free ports, with folders of its own. The caller closes it.
func Start(ctx context.Context, o Options) (*Server, error) {
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		return nil, ErrNoBundle
	}
	dir, err := OpenDir()
	if err != nil {
		return nil, err
	}
	if o.Memory == nil {
		o.Memory = plenty
	}
	if o.Logger == nil {
		o.Logger = Logger()
	}
	if o.AllowPackages == nil {
		o.AllowPackages = []string{"*"}
	}
	s := &Server{Runtime: fake.New(fake.Options{Serve: true, Boot: o.Boot}), Registry: &Registry{}, dir: dir}
	s.options = manager.Options{
		// A bundle is at bundles/<hash> in its cache.
		CacheDir: cmp.Or(o.CacheDir, filepath.Dir(filepath.Dir(installed))),
		DataDir:  filepath.Join(dir, "data"), RunDir: filepath.Join(dir, "run"), Listen: "127.0.0.1:0",
		GatewayListen: "127.0.0.1:0", DrainTimeout: cmp.Or(o.DrainTimeout, time.Second), Version: "test", Logger: o.Logger, Runtime: s.Runtime,
		Registry: s.Registry, SharedUser: o.SharedUser, AllowPackages: o.AllowPackages, DenyPackages: o.DenyPackages, Memory: o.Memory,
		SignInFile: o.SignInFile,
	}
	if o.Gateway != nil {
		o.Gateway(&s.options)
	}
	if o.clusters != nil {
		if err := o.clusters.give(ctx, s.options.DataDir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // also after ctx has ended
	}
	return s, nil
}

// Logger shows orbitd's log where ORBIT_TEST_LOG is set, and discards it elsewhere.
func Logger() *slog.Logger {
	if os.Getenv("ORBIT_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func plenty() (memory.State, error) { return memory.State{Total: 1 << 40, Available: 1 << 40}, nil }

func (s *Server) start(ctx context.Context) (err error) {
	if s.Manager, err = manager.New(s.options); err != nil {
		return err
	}
	if err := s.Manager.Start(ctx); err != nil {
		return err
	}
	s.databaseURL = s.Manager.DatabaseURL()
	// A restart keeps the ports.
	s.options.Listen = strings.TrimPrefix(s.Manager.APIURL(), "http://")
	s.options.GatewayListen = s.Manager.GatewayAddress()
	return nil
}

// DatabaseURL is the URL of orbitd's own database, also while orbitd does not run.
func (s *Server) DatabaseURL() string { return s.databaseURL }

// Restart ends orbitd and starts it again. Instances and PostgreSQL run on; the ports stay.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Manager.Close(); err != nil { //nolint:contextcheck // orbitd ends within its own time
		return err
	}
	return s.start(ctx)
}

// Offline ends orbitd, does what no orbitd may run for, and starts it again. Instances and PostgreSQL run on.
func (s *Server) Offline(ctx context.Context, do func(manager.Options) error) error {
	if err := s.Manager.Close(); err != nil { //nolint:contextcheck // orbitd ends within its own time
		return err
	}
	return errors.Join(do(s.options), s.start(ctx))
}

// Client returns a client of the API.
func (s *Server) Client() (*orbit.Client, error) {
	token, err := s.Token()
	if err != nil {
		return nil, err
	}
	return orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: token})
}

// Token is the API token.
func (s *Server) Token() (string, error) {
	content, err := os.ReadFile(s.Manager.TokenFile())
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Close ends orbitd, the instances and PostgreSQL and removes the folders. It is idempotent.
func (s *Server) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	if s.Manager != nil {
		errs = append(errs, s.Manager.Close())
	}
	errs = append(errs, manager.Stop(ctx, s.options, true, func(string) {}))
	return errors.Join(append(errs, s.Runtime.Close(), os.RemoveAll(s.dir))...)
}

// Move makes the next Restart serve the instances below another domain.
func (s *Server) Move(domain string) { s.options.GatewayDomain = domain }
