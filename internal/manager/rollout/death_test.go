package rollout_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// broken is a value with which no instance starts.
	broken = "broken"
	// plugin is a plugin with a resource of its own.
	plugin = "@acme/plugin-one-backend"
)

// refuseBroken makes every config with the broken value one that does not start.
func refuseBroken(_, _ string, boot runtime.Boot) error {
	if strings.Contains(string(boot.Document), `"`+broken+`"`) {
		return &runtime.BootError{Code: orbit.CodeBootFailed, Message: "something is wrong"}
	}
	return nil
}

// titled is an instance's app-config with a secret in it.
func titled(title string) map[string]any {
	return map[string]any{"app": map[string]any{"title": title}, "acme": map[string]any{"key": "${TOKEN}"}}
}

func secrets(value string) map[string]string { return map[string]string{"TOKEN": value} }

// rolled is a rollout that an orbitd may die on.
type rolled struct {
	name string
	// before is what is declared and runs when the rollout begins; nil is nothing.
	before func(t *testing.T, o *orbitd)
	write  func(t *testing.T, o *orbitd) orbit.Change
	fate   orbit.ChangeState
	// gone says that no instance is there afterwards.
	gone bool
	// serves says that requests are served all along.
	serves bool
}

var rollouts = []rolled{
	{
		name: "first create", fate: orbit.ChangeApplied,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.put(t, declared(titled("new"), secrets("new")))
		},
	},
	{
		name: "first create that fails", fate: orbit.ChangeFailed, gone: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.put(t, declared(titled(broken), secrets("new")))
		},
	},
	{
		name: "live change", before: withPlugin, fate: orbit.ChangeApplied, serves: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			config := titled("old")
			config["proxy"] = map[string]any{"endpoints": map[string]any{"/new": map[string]any{"target": "http://127.0.0.1:1"}}}
			change := o.put(t, declared(config, nil))
			if change.Impact != orbit.ImpactLive {
				t.Fatalf("the change is a %s, want live", change.Impact)
			}
			return change
		},
	},
	{
		name: "restart", before: withPlugin, fate: orbit.ChangeApplied, serves: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.put(t, declared(titled("new"), secrets("new")))
		},
	},
	{
		name: "restart that fails, since green never gets ready", before: withPlugin, fate: orbit.ChangeFailed, serves: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			o.world.processes.Inject(fake.Fault{Op: fake.OpActivate, Hang: true})
			write := declared(titled("new"), secrets("new"))
			write.DeadlineSeconds = 20
			return o.put(t, write)
		},
	},
	{
		name: "restart that was asked for", before: withStored, fate: orbit.ChangeApplied, serves: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			change, err := o.admission.Restart(t.Context(), o.world.workspace, "", orbit.RestartRequest{})
			if err != nil {
				t.Fatal(err)
			}
			return change
		},
	},
	{
		name: "upgrade", before: withPlugin, fate: orbit.ChangeApplied,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.upgrade(t, "one: {}")
		},
	},
	{
		name: "upgrade that fails", before: withPlugin, fate: orbit.ChangeFailed,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.upgrade(t, "one: {two: "+broken+"}")
		},
	},
	{
		name: "removal of a plugin", before: withPlugin, fate: orbit.ChangeApplied, serves: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			change, err := o.admission.DeletePlugin(t.Context(), o.world.workspace, plugin, admission.Precondition{})
			if err != nil {
				t.Fatal(err)
			}
			return change
		},
	},
	{
		name: "deletion", before: withPlugin, fate: orbit.ChangeApplied, gone: true,
		write: func(t *testing.T, o *orbitd) orbit.Change {
			t.Helper()
			return o.remove(t)
		},
	},
}

// withPlugin declares an instance with a plugin that has a resource of its own.
func withPlugin(t *testing.T, o *orbitd) {
	t.Helper()
	o.applied(t, o.put(t, declared(titled("old"), secrets("old"))))
	change, err := o.putPlugin(t.Context(), plugin, "1.0.0", "one: {}")
	if err != nil {
		t.Fatal(err)
	}
	o.applied(t, change)
	rest()
}

// withStored declares an instance with more than runs, which its restart policy keeps for later.
func withStored(t *testing.T, o *orbitd) {
	t.Helper()
	withPlugin(t, o)
	write := declared(titled("new"), secrets("new"))
	write.RestartPolicy = orbit.RestartManual
	o.applied(t, o.put(t, write))
	rest()
}

func (o *orbitd) upgrade(t *testing.T, config string) orbit.Change {
	t.Helper()
	change, err := o.putPlugin(t.Context(), plugin, "2.0.0", config)
	if err != nil {
		t.Fatal(err)
	}
	if change.Impact != orbit.ImpactUpgrade {
		t.Fatalf("the change is a %s, want an upgrade", change.Impact)
	}
	return change
}

func (o *orbitd) remove(t *testing.T) orbit.Change {
	t.Helper()
	change, err := o.admission.DeleteInstance(t.Context(), o.world.workspace, admission.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

const (
	// everyStep is the environment's variable that makes orbitd die at every step, as the nightly tests have it.
	everyStep = "ORBIT_TEST_EVERY_STEP"
	// sampled is at how many moments of a rollout orbitd dies otherwise, spread over all of them.
	sampled = 4
	// worldsAtOnce is how many tests wait for PostgreSQL at the same time.
	worldsAtOnce = 4
)

// TestAnOrbitdMayDieAtAnyStep makes orbitd die just before and during the steps of every kind of rollout, starts
// another, and wants what is promised. With ORBIT_TEST_EVERY_STEP it takes every step, and else only a few of each
// rollout, the first and the last among them.
func TestAnOrbitdMayDieAtAnyStep(t *testing.T) {
	t.Parallel()
	server(t)
	running := atMost(worldsAtOnce)
	steps := make([]int, len(rollouts))
	for i, r := range rollouts {
		running.do(func() {
			t.Run(r.name+"/unharmed", func(t *testing.T) { steps[i] = len(r.die(t, 0, false)) })
		})
	}
	running.wait()
	for i, r := range rollouts { //nolint:paralleltest // the workers run them in parallel
		for _, at := range spread(moments(steps[i])) {
			running.do(func() {
				t.Run(fmt.Sprintf("%s/%s of %d", r.name, at, steps[i]), func(t *testing.T) { r.die(t, at.step, at.underWay) })
			})
		}
	}
	running.wait()
}

// moment is when an orbitd dies.
type moment struct {
	step     int
	underWay bool // during the step, not just before it
}

func (m moment) String() string {
	if m.underWay {
		return fmt.Sprintf("during step %d", m.step)
	}
	return fmt.Sprintf("before step %d", m.step)
}

// moments are all at which an orbitd can die.
func moments(steps int) []moment {
	var all []moment
	for step := 1; step <= steps; step++ {
		all = append(all, moment{step, false}, moment{step, true})
	}
	return all
}

// spread chooses a few moments, the first and the last among them; all with ORBIT_TEST_EVERY_STEP.
func spread(all []moment) []moment {
	if os.Getenv(everyStep) != "" || len(all) <= sampled {
		return all
	}
	var some []moment
	for i := range sampled {
		some = append(some, all[i*(len(all)-1)/(sampled-1)])
	}
	return some
}

// workers run functions, a number of them at a time.
type workers struct {
	places  chan struct{}
	running sync.WaitGroup
}

func atMost(n int) *workers { return &workers{places: make(chan struct{}, n)} }

func (w *workers) do(f func()) {
	w.places <- struct{}{}
	w.running.Go(func() {
		defer func() { <-w.places }()
		f()
	})
}

func (w *workers) wait() { w.running.Wait() }

// die lets an orbitd die at a step of the rollout, or at none with 0, and another follow. It returns the steps that the
// first took.
func (r rolled) die(t *testing.T, at int, underWay bool) (steps []string) {
	t.Helper()
	inWorld(t, 2, fake.Options{Boot: refuseBroken, BootTime: 3 * time.Second}, func(t *testing.T, w *world, wires []*managertest.Wire) {
		l := &life{wire: wires[0], underWay: underWay}
		first := w.start(t, wires[0], l)
		if r.before != nil {
			r.before(t, first)
		}
		l.begin(at)
		change := r.write(t, first)
		for range 120 { // it has this many seconds
			if l.ended() {
				break
			}
			time.Sleep(time.Second)
		}
		steps = l.taken()
		first.end(t)
		time.Sleep(2 * time.Second) // so long an orbitd takes to be started again

		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("it died %s of\n%s", l, strings.Join(steps, "\n"))
			}
		})
		second := w.start(t, wires[1], nil)
		change = second.settle(t, change)
		if change.State != r.fate {
			t.Errorf("the change is %s (%v), want %s", change.State, change.Problem, r.fate)
		}
		w.processes.Clear()
		rest()
		r.isOver(t, second)
	})
	return steps
}

// isOver wants what is promised once the rollout's end is known, and that life goes on as if nothing had happened.
func (r rolled) isOver(t *testing.T, o *orbitd) {
	t.Helper()
	if r.gone {
		o.nothingIsLeft(t)
		o.applied(t, o.put(t, declared(titled("old"), secrets("old"))))
		rest()
	}
	o.isWhatItDeclares(t)
	o.applied(t, o.put(t, declared(titled("newest"), secrets("newest"))))
	rest()
	o.isWhatItDeclares(t)
	o.applied(t, o.remove(t))
	o.nothingIsLeft(t)
}

// isWhatItDeclares wants one process that serves with all that is declared, and no trace of another.
func (o *orbitd) isWhatItDeclares(t *testing.T) {
	t.Helper()
	ctx, workspace := t.Context(), o.world.workspace
	running := o.world.processes.Processes(workspace)
	if len(running) != 1 {
		t.Fatalf("%d processes run, want 1", len(running))
	}
	process := running[0]
	id := process.Handle().ID
	if status, answered := o.ask(t); status != 200 || answered != id {
		t.Errorf("a request is answered %d by process %q, want 200 by %s", status, answered, id)
	}
	records, err := o.store.Processes(ctx, workspace)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 1 || records[0].ID != id || records[0].Role != "serving" {
		t.Fatalf("the processes are recorded as %+v, want %s alone, serving", records, id)
	}
	given, err := o.store.Declared(ctx, workspace)
	if err != nil {
		t.Fatal(err)
	}
	if runs := records[0].Given.Generation; runs != given.Generation {
		t.Errorf("generation %d is declared, and the process is recorded with %d", given.Generation, runs)
	}
	state, err := given.State()
	if err != nil {
		t.Fatal(err)
	}
	served, err := records[0].Given.State()
	if err != nil {
		t.Fatal(err)
	}
	if d := changeplan.Decide(served, state); d.Impact != orbit.ImpactNone {
		t.Errorf("between what is recorded and what is declared lies a %s: %v", d.Impact, d.Reasons)
	}
	values, err := o.vault.Secrets(ctx, workspace, given.SecretSet)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := state.Effective().Resolve(func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	})
	if diff := cmp.Diff(decoded(t, want.JSON()), declaredPart(t, process.Config().Document)); diff != "" {
		t.Errorf("the process runs with something else than is declared (-want +got):\n%s", diff)
	}
	if bundle := named(given.Spec.Release, given.Packages()); records[0].Bundle != bundle.Hash {
		t.Errorf("the process runs %s, want %s", records[0].Bundle, bundle.Hash)
	}
	o.nothingIsUnderWay(t)
}

// nothingIsUnderWay wants no trace of a rollout.
func (o *orbitd) nothingIsUnderWay(t *testing.T) {
	t.Helper()
	ctx, workspace := t.Context(), o.world.workspace
	instance, err := o.store.Instance(ctx, workspace)
	if err != nil {
		t.Fatal(err)
	}
	if instance.ObservedGeneration != instance.Generation {
		t.Errorf("generation %d is observed, want %d", instance.ObservedGeneration, instance.Generation)
	}
	if status := o.super.Status(ctx, instance); status.Phase != orbit.PhaseReady {
		t.Errorf("the instance is %s, want Ready", status.Phase)
	}
	if instance.RestoreFrom != "" {
		t.Errorf("the database is still to be restored from %s", instance.RestoreFrom)
	}
	pending, err := o.store.PendingChanges(ctx, workspace)
	if err != nil || len(pending) > 0 {
		t.Errorf("%d changes are pending (%v)", len(pending), err)
	}
	// The set of a process that has just ended goes with the next change.
	if sets := o.numbers(t, "SELECT count(DISTINCT set) FROM secrets"); sets[0] > 2 {
		t.Errorf("%d sets of secrets are kept, want the one in force and at most one before it", sets[0])
	}
	open := o.numbers(t, "SELECT count(*) FROM pg_database WHERE datallowconn AND datname = '"+postgres.DatabaseName(workspace)+"'")
	if open[0] != 1 {
		t.Error("the instance's database takes no connections")
	}
}

// nothingIsLeft wants no trace of an instance.
func (o *orbitd) nothingIsLeft(t *testing.T) {
	t.Helper()
	workspace := o.world.workspace
	if running := o.world.processes.Processes(workspace); len(running) > 0 {
		t.Errorf("%d processes are left", len(running))
	}
	if status, _ := o.ask(t); status != 404 {
		t.Errorf("a request is answered %d, want 404", status)
	}
	name := postgres.DatabaseName(workspace)
	for what, query := range map[string]string{
		"instances": "SELECT count(*) FROM instances", "plugins": "SELECT count(*) FROM plugins", "processes": "SELECT count(*) FROM processes",
		"secrets": "SELECT count(*) FROM secrets", "credentials": "SELECT count(*) FROM credentials",
		"pending changes": "SELECT count(*) FROM changes WHERE state = 'pending'",
		"databases":       "SELECT count(*) FROM pg_database WHERE datname = '" + name + "' OR starts_with(datname, '" + name + "@')",
		"roles":           "SELECT count(*) FROM pg_roles WHERE rolname = '" + name + "'",
	} {
		if n := o.numbers(t, query)[0]; n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
}

func decoded(t *testing.T, document []byte) map[string]any {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal(document, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// declaredPart is what a process was given without what orbitd itself sets.
func declaredPart(t *testing.T, document []byte) map[string]any {
	t.Helper()
	values := decoded(t, document)
	for _, key := range []string{"auth", "backend", "events", "scaffolder"} {
		delete(values, key)
	}
	if app, ok := values["app"].(map[string]any); ok {
		for _, key := range []string{"baseUrl", "disableStaticFallbackCache", "earlierPackageName", "packageName", "packages"} {
			delete(app, key)
		}
	}
	return values
}
