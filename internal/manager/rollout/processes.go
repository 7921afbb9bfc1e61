package rollout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// prepare starts a process with what is given to it and returns it when it is ready, not yet serving. A failure leaves
// nothing of it. It is a *shortage where memory has no room for another process beside the one that serves.
func (a *actor) prepare(ctx context.Context, r rollout, given store.Given) (*process, error) {
	a.doing(ctx, r, "installing packages")
	installed, err := a.bundle(ctx, r, given)
	if err != nil {
		return nil, err
	}
	if given, err = a.withApps(ctx, given); err != nil {
		return nil, err
	}
	a.standBy(ctx, given, installed) // it loads while the rest is prepared
	a.doing(ctx, r, "preparing the database")
	if err := a.ensureDatabase(ctx); err != nil {
		return nil, err
	}
	if err := a.noteSchemas(ctx, r, given); err != nil {
		return nil, err
	}
	config, err := a.effective(ctx, given)
	if err != nil {
		return nil, err
	}
	a.doing(ctx, r, "waiting for a place to boot")
	leave, err := a.enter(ctx, given)
	if err != nil {
		return nil, err
	}
	defer leave()
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.BootTimeout)
		defer cancel()
	}
	a.doing(ctx, r, "starting Backstage")
	begin := time.Now()
	green, err := a.claim(ctx, given, installed)
	if err != nil {
		return nil, err
	}
	loaded := time.Now()
	if err := green.Activate(ctx, runtime.Boot{Config: config}); err != nil {
		a.discard(ctx, green)
		return nil, fmt.Errorf("start Backstage: %w", err)
	}
	a.logger.InfoContext(ctx, "booted", "rollout", r.id, "process", green.record.ID, "load", loaded.Sub(begin), "start", time.Since(loaded))
	return green, nil
}

// start starts a process and records it, before it is given anything to do.
func (a *actor) start(ctx context.Context, given store.Given, installed bundle.Bundle) (*process, error) {
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil {
		return nil, err
	}
	spec := runtime.Spec{
		Workspace: a.workspace, ID: newProcessID(), Bundle: installed.Dir, MemoryLimitMiB: given.Spec.MemoryLimitMiB,
	}
	if instance.UserID != nil {
		spec.UserID = uint32(*instance.UserID)
	}
	// The runtime finds the process by its name when an orbitd dies before it knows more of it.
	p := &process{record: a.record(given, installed, runtime.Handle{
		Version: runtime.HandleVersion, Runtime: a.Runtime.Name(), Workspace: a.workspace, ID: spec.ID,
	})}
	if err := a.putProcess(ctx, p.record); err != nil {
		a.forget(ctx, p) // it may be written
		return nil, err
	}
	if p.Process, err = a.Runtime.Start(ctx, spec); err != nil {
		a.forget(ctx, p)
		return nil, fmt.Errorf("start a process: %w", err)
	}
	p.record.Handle = p.Process.Handle()
	if err := a.putProcess(ctx, p.record); err != nil {
		a.discard(ctx, p)
		return nil, err
	}
	return p, nil
}

// assign makes a standby of no workspace the instance's and records it. One that ended meanwhile is replaced.
func (a *actor) assign(ctx context.Context, given store.Given, installed bundle.Bundle, pooled runtime.Process) (*process, error) {
	p := &process{Process: pooled, record: a.record(given, installed, pooled.Handle())}
	err := a.putProcess(ctx, p.record)
	if err != nil {
		a.discard(ctx, p)
		return nil, err
	}
	if err := pooled.Assign(ctx, a.workspace); err != nil {
		a.logger.WarnContext(ctx, "a standby cannot be used; starting a process", "error", err)
		a.discard(ctx, p)
		return a.start(ctx, given, installed)
	}
	p.record.Handle = p.Handle()
	if err := a.putProcess(ctx, p.record); err != nil {
		a.discard(ctx, p)
		return nil, err
	}
	return p, nil
}

// record is the row of a process that is being prepared.
func (a *actor) record(given store.Given, installed bundle.Bundle, handle runtime.Handle) store.Process {
	given.URL = a.URL(a.workspace, given.Spec.BaseURL)
	return store.Process{
		Workspace: a.workspace, ID: handle.ID, Role: store.RoleStarting, Given: given, Bundle: installed.Hash, Handle: handle,
	}
}

// newProcessID tells the processes of a workspace apart.
func newProcessID() string {
	random := make([]byte, 6)
	_, _ = rand.Read(random) // never fails; see crypto/rand
	return hex.EncodeToString(random)
}

// bundle installs what the instance runs, and builds what it serves.
func (a *actor) bundle(ctx context.Context, r rollout, given store.Given) (bundle.Bundle, error) {
	installed, err := a.Bundles.Ensure(ctx, given.Spec.Release, given.Packages(),
		func(text string) { a.progress(ctx, r, text) })
	if err != nil {
		return bundle.Bundle{}, fmt.Errorf("install the packages: %w", err)
	}
	if given.Spec.HasUI() {
		_, err := a.Apps.EnsureApp(ctx, given.Spec.Release, given.FrontendPackages(),
			func(text string) { a.progress(ctx, r, text) })
		if err != nil {
			return bundle.Bundle{}, fmt.Errorf("build the web app: %w", err)
		}
	}
	return installed, nil
}

// discard ends a process that never served.
func (a *actor) discard(ctx context.Context, p *process) {
	a.end(context.WithoutCancel(ctx), p, 0)
}

// end stops a process and forgets it. A process that cannot be stopped keeps its record, and is tried again.
func (a *actor) end(ctx context.Context, p *process, grace time.Duration) {
	bounded, cancel := context.WithTimeout(ctx, grace+a.StopGrace)
	defer cancel()
	if err := p.Stop(bounded, grace); err != nil {
		a.logger.ErrorContext(ctx, "process not stopped; trying again", "process", p.record.ID, "error", err)
		a.endLater(context.WithoutCancel(ctx), p)
		return
	}
	a.forget(ctx, p)
}

func (a *actor) forget(ctx context.Context, p *process) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetPatience)
	defer cancel()
	err := a.persist(ctx, func(ctx context.Context) error { return a.Store.DeleteProcess(ctx, a.workspace, p.record.ID) })
	if err != nil {
		a.logger.WarnContext(ctx, "ended process not forgotten", "process", p.record.ID, "error", err)
	}
}

// stopBlue ends the serving process, if there is one, with nothing in its place yet; the caller holds its requests.
func (a *actor) stopBlue(ctx context.Context) error {
	blue := a.blue
	if blue == nil {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*a.StopGrace)
	defer cancel()
	if err := blue.Stop(bounded, a.StopGrace); err != nil {
		return fmt.Errorf("stop the process before: %w", err)
	}
	a.forget(ctx, blue)
	a.setBlue(nil)
	return nil
}

// adopt takes over what an earlier orbitd left: the serving process serves on, the one before it finishes what it has,
// others are ended.
func (a *actor) adopt(ctx context.Context) error {
	records, err := a.Store.Processes(ctx, a.workspace)
	if err != nil {
		return err
	}
	// Visitors wait for the one that serves.
	slices.SortStableFunc(records, func(x, y store.Process) int { return rank(x.Role) - rank(y.Role) })
	var errs []error
	draining := false
	for _, record := range records {
		recovered, err := a.Runtime.Recover(ctx, record.Handle)
		if errors.Is(err, runtime.ErrGone) {
			a.forget(ctx, &process{record: record})
			continue
		}
		if err != nil {
			errs = append(errs, a.cannotAdopt(ctx, record, err))
			continue
		}
		p := &process{Process: recovered, record: record}
		serves := record.Role == store.RoleServing && a.answers(ctx, p)
		if ctx.Err() != nil {
			return ctx.Err() // what did not answer may only not have been asked any more
		}
		switch {
		case serves:
		case a.blue != nil && record.DrainUntil != nil:
			draining = true
			_ = a.answerUnder(a.blue, p) // it did already
			a.drain(ctx, p, *record.DrainUntil)
			continue
		default:
			a.drains.Go(func() {
				a.end(context.WithoutCancel(ctx), p, a.StopGrace)
				a.wake() // what it left in the database can go now
			})
			continue
		}
		a.Gateway.Switch(a.workspace, recovered.Address())
		a.setBlue(p)
		a.condition(ctx, orbit.ConditionReady, true, "Serving", "requests are served")
		a.logger.InfoContext(ctx, "adopted the running instance", "process", record.ID, "address", recovered.Address())
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if a.blue != nil && !draining { // else the gateway keeps both names, without a gap
		_ = a.answerUnder(a.blue, nil) // it did already
	}
	if a.blue == nil {
		instance, err := a.Store.Instance(ctx, a.workspace)
		if err != nil {
			return err
		}
		if !interrupted(instance.Conditions) { // else requests go on waiting
			a.Gateway.Fail(a.workspace, gateway.Starting)
		}
		a.drains.Wait() // nothing boots on a database that an old process may still write to
	}
	return nil
}

// answerPatience is how long an adopted process that serves may take to answer: the machine may be busy.
const answerPatience = 30 * time.Second

// answers waits until the process has confirmed its address, and says whether it has.
func (a *actor) answers(ctx context.Context, p *process) bool {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	// The runtime tries to reach the process by itself and gives no signal when it has.
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for p.Address() == "" {
		select {
		case <-ticker.C:
		case <-p.Exited():
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// rank puts the process that serves before all others.
func rank(role store.Role) int {
	if role == store.RoleServing {
		return 0
	}
	return 1
}

// stopProcesses ends all of the instance's processes.
func (a *actor) stopProcesses(ctx context.Context) error {
	records, err := a.Store.Processes(ctx, a.workspace)
	if err != nil {
		return err
	}
	var errs []error
	for _, record := range records {
		recovered, err := a.Runtime.Recover(ctx, record.Handle)
		if err == nil {
			err = recovered.Stop(ctx, a.StopGrace)
		}
		if err != nil && !errors.Is(err, runtime.ErrGone) {
			errs = append(errs, err)
			continue
		}
		a.forget(ctx, &process{record: record})
	}
	return errors.Join(errs...)
}

// ready records that requests are served.
func (a *actor) ready(ctx context.Context, r rollout) {
	ctx = context.WithoutCancel(ctx)
	stats, err := a.blue.Stats(ctx)
	if err != nil {
		a.logger.WarnContext(ctx, "ready process could not be looked at", "error", err)
		return
	}
	a.event(ctx, "Normal", "Ready", fmt.Sprintf("serving generation %d", a.blue.record.Given.Generation), r.id)
	a.condition(ctx, orbit.ConditionReady, true, "Serving", "requests are served")
	if stats.Isolated {
		a.condition(ctx, orbit.ConditionIsolated, true, "OwnUser", "the process runs as a user of its own")
	} else {
		a.condition(ctx, orbit.ConditionIsolated, false, "SharedUser",
			"all instances run as orbitd's own user and can reach each other's files and memory; run orbitd as root to give each a user of its own")
	}
	if len(a.crashes.since(time.Now())) == 0 {
		a.condition(ctx, orbit.ConditionCrashLooping, false, "Stable", "")
	}
}
