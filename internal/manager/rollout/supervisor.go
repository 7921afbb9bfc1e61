// Package rollout takes every instance from what runs to what is declared.
//
// Each instance has one actor: a goroutine that alone starts, feeds, switches and stops its processes. The actor is
// level-triggered. Whenever it is woken (by an accepted change, by a process that ended, by a timer of its own) it looks
// at what is declared and at what runs, asks changeplan what lies between, and takes the steps of that impact:
//
//	none     record it
//	live     push the config to the running process and look for its effect; what has none becomes a restart
//	restart  start green beside blue, switch the route, drain and stop blue; without room for two, as an upgrade
//	upgrade  hold requests, stop blue, clone the database, start green, let requests go on
//
// What the instance's restart policy does not roll out stays declared, and the rollout leads only as far as the running
// process can go.
//
// Whatever the actor starts is recorded before it is given anything to do, so that an orbitd that died is followed by
// one that adopts or removes it. A step that fails puts back the changes that the rollout carried; blue serves on.
package rollout

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Bundles installs what instances run.
type Bundles interface {
	// Ensure returns the bundle of the release and the plugins (package to exact version), installed.
	Ensure(ctx context.Context, release string, plugins map[string]string, progress func(string)) (bundle.Bundle, error)
	// Installed returns the same bundle if it is installed already.
	Installed(release string, plugins map[string]string) (bundle.Bundle, bool)
	// PluginIDs returns, by package, the ids of the plugins of the bundle with this hash, as bundle.Bundle.PluginIDs does.
	PluginIDs(hash string) (map[string]string, error)
}

// Apps builds the web apps that instances serve. A release is that of the backend, and plugins are frontend packages with
// exact versions.
type Apps interface {
	// EnsureApp returns the web app of the release with the plugins, built.
	EnsureApp(ctx context.Context, release string, plugins map[string]string, progress func(string)) (webapp.App, error)
	// App returns the same app, built or not.
	App(release string, plugins map[string]string) webapp.App
	// FindApp returns the app with the hash, if it is built.
	FindApp(hash string) (webapp.App, bool)
	// Hidden returns the frontend packages of the release that an instance with these plugins does not show.
	Hidden(release string, backend, frontend map[string]string) []string
}

// Databases gives every workspace a database and a role of its own.
type Databases interface {
	EnsureDatabase(ctx context.Context, workspace, password string) error
	DropDatabase(ctx context.Context, workspace string) error
	// Clone copies the database of a stopped instance; Restore puts the copy in its place.
	Clone(ctx context.Context, workspace, why string, now time.Time) (postgres.Clone, error)
	Restore(ctx context.Context, workspace, clone string) error
	// Clones lists them, of all workspaces for ""; DropClone drops one.
	Clones(ctx context.Context, workspace string) ([]postgres.Clone, error)
	DropClone(ctx context.Context, clone string) error
	// Schemas lists the schemas in the workspace's database, one for each plugin; DropSchema drops one.
	Schemas(ctx context.Context, workspace string) ([]string, error)
	DropSchema(ctx context.Context, workspace, schema string) error
	ConnectionFor(workspace string) postgres.Connection
}

// Access is how instances take what orbitd signs.
type Access interface {
	// Trusted is the entry of backend.auth.externalAccess with which the workspace's instance does.
	Trusted(workspace string) (json.RawMessage, error)
	// Forget voids the tokens of a workspace whose instance is gone.
	Forget(workspace string)
}

// Defaults of Options.
const (
	// DefaultBootTimeout bounds a boot that no change waits for, such as the one after a crash.
	DefaultBootTimeout = 2 * time.Minute
	// DefaultDrainTimeout is how long a process that was replaced may finish what it has: long requests and tasks.
	DefaultDrainTimeout = 10 * time.Minute
	// DefaultStopGrace is how long a process that serves nothing any more may take to end.
	DefaultStopGrace = 10 * time.Second
	// DefaultRemovalDelay is how long the removal of a plugin waits for company: for other changes, or for the removal
	// of the instance itself.
	DefaultRemovalDelay = 3 * time.Second
)

// Options are what a supervisor works with. Durations that are zero have their defaults.
type Options struct {
	Store     *store.Store
	Vault     *vault.Vault
	Runtime   runtime.Runtime
	Bundles   Bundles
	Apps      Apps
	Databases Databases
	Vetting   Vetting
	Gateway   *gateway.Gateway
	Access    Access
	// URL gives the address at which people open a workspace's instance that has the base URL; "" is none.
	URL    func(workspace, baseURL string) string
	Logger *slog.Logger
	// Boots is how many instances may boot at the same time, at least 1.
	Boots int64
	// Memory reads how much memory there is; nil is memory.Read. Where it fails nothing waits for memory.
	Memory func() (memory.State, error)
	// SharedStandbys is how many standbys are kept for whichever instance needs one first; 0 where instances have
	// users of their own.
	SharedStandbys                                     int
	BootTimeout, DrainTimeout, StopGrace, RemovalDelay time.Duration
}

// Supervisor owns the actors of all instances.
type Supervisor struct {
	Options
	places *places
	pool   *pool
	fates  *broadcast
	// happened tells of events.
	happened *broadcast
	plans    *plans
	ctx      context.Context // the actors' own; Close ends it
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu     sync.Mutex
	closed bool
	actors map[string]*actor
}

// New returns a supervisor without actors.
func New(o Options) *Supervisor {
	o.Boots = max(o.Boots, 1)
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&o.BootTimeout, DefaultBootTimeout},
		{&o.DrainTimeout, DefaultDrainTimeout},
		{&o.StopGrace, DefaultStopGrace},
		{&o.RemovalDelay, DefaultRemovalDelay},
	} {
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	if o.Memory == nil {
		o.Memory = memory.Read
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Supervisor{
		Options: o, places: newPlaces(o.Boots, o.Memory), fates: newBroadcast(), happened: newBroadcast(), plans: newPlans(),
		ctx: ctx, cancel: cancel, actors: map[string]*actor{},
	}
	s.pool = newPool(s)
	return s
}

// Start gives every stored instance its actor, which adopts the processes that still run.
func (s *Supervisor) Start(ctx context.Context) error {
	if err := s.endUnassigned(ctx); err != nil {
		return fmt.Errorf("start the instances: %w", err)
	}
	s.wg.Go(func() { s.pool.run(s.ctx) })
	const page = 500
	after := ""
	for {
		instances, err := s.Store.Instances(ctx, after, page)
		if err != nil {
			return fmt.Errorf("start the instances: %w", err)
		}
		if err := s.declareStored(ctx, instances); err != nil {
			return fmt.Errorf("start the instances: %w", err)
		}
		for _, i := range instances {
			s.Gateway.Hold(i.Workspace) // until its actor has adopted it, or finds that nothing runs
			s.Wake(i.Workspace)
			after = i.Workspace
		}
		if len(instances) < page {
			return nil
		}
	}
}

// Wake makes the workspace's actor look at what is declared.
func (s *Supervisor) Wake(workspace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	a, found := s.actors[workspace]
	if !found {
		a = newActor(s, workspace)
		s.actors[workspace] = a
		s.wg.Go(func() { a.run(s.ctx) })
	}
	a.wake()
}

// retire ends the workspace's actor, unless it was woken again in the meantime.
func (s *Supervisor) retire(a *actor) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(a.wakes) > 0 {
		return false
	}
	delete(s.actors, a.workspace)
	return true
}

// Close ends the actors where they are and waits for them. The processes live on.
func (s *Supervisor) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// beginPatience is how long a reader waits for an actor that only begins. Adopting takes some 10 ms, unless a process
// does not answer.
const beginPatience = 2 * time.Second

// Status is what the workspace's actor observes now, once it knows what runs.
func (s *Supervisor) Status(ctx context.Context, i store.Instance) orbit.InstanceStatus {
	s.mu.Lock()
	a, found := s.actors[i.Workspace]
	s.mu.Unlock()
	status := orbit.InstanceStatus{ObservedGeneration: i.ObservedGeneration, Conditions: i.Conditions}
	if !found {
		status.Phase = orbit.PhaseFailed
		return status
	}
	patience := time.NewTimer(beginPatience)
	defer patience.Stop()
	select {
	case <-a.begun:
	case <-patience.C:
	case <-ctx.Done():
	}
	return a.observe(ctx, i.Deleting, status)
}

// served is what the instances were given that serve now.
func (s *Supervisor) served() []store.Given {
	s.mu.Lock()
	actors := slices.Collect(maps.Values(s.actors))
	s.mu.Unlock()
	var given []store.Given
	for _, a := range actors {
		a.mu.Lock()
		if a.observed.process != nil {
			given = append(given, a.observed.given)
		}
		a.mu.Unlock()
	}
	return given
}

// Happened returns a channel that is closed at the next event of any workspace. Whoever waits for one takes the channel
// first and looks then.
func (s *Supervisor) Happened() <-chan struct{} { return s.happened.wait() }

// WaitFate returns when the change's fate is known or ctx is done, with the change as it is then.
func (s *Supervisor) WaitFate(ctx context.Context, id string) (store.Change, error) {
	for {
		next := s.fates.wait()
		// The read has to work when ctx is just over: the caller wants to know how far the change is.
		change, err := s.Store.Change(context.WithoutCancel(ctx), id)
		if err != nil || change.Done() {
			return change, err
		}
		select {
		case <-next:
		case <-ctx.Done():
			return change, nil
		}
	}
}

// StopAll stops the processes of all stored instances without touching what is declared: the next orbitd boots them
// again. stopped is told of each and may be called concurrently. The supervisor must not have been started.
func (s *Supervisor) StopAll(ctx context.Context, stopped func(workspace string)) error {
	instances, err := s.Store.Instances(ctx, "", maxInstances)
	if err == nil {
		err = s.endUnassigned(ctx)
	}
	if err != nil {
		return fmt.Errorf("stop the instances: %w", err)
	}
	var group errgroup.Group
	group.SetLimit(stopsAtOnce)
	for _, i := range instances {
		group.Go(func() error {
			if err := newActor(s, i.Workspace).stopProcesses(ctx); err != nil {
				return fmt.Errorf("stop the instance of workspace %s: %w", i.Workspace, err)
			}
			stopped(i.Workspace)
			return nil
		})
	}
	return group.Wait()
}

// stopsAtOnce bounds how many instances StopAll stops at the same time: each is given time to finish what it does.
const stopsAtOnce = 16

// maxInstances bounds a list of all instances: far more than one machine can run.
const maxInstances = 100_000
