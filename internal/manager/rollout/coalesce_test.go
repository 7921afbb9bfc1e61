package rollout_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The times of a rollout, of which only the boot is the test's choice.
const (
	bootTime     = 4 * time.Second
	quiet        = 300 * time.Millisecond // nothing arrived for so long
	readyFor     = 200 * time.Millisecond
	removalDelay = 3 * time.Second
)

// terraform is an apply of resources that do not depend on each other: so many at a time, each waited for.
func (o *orbitd) terraform(t *testing.T, parallelism, resources int, write func(n int) (orbit.Change, error)) {
	t.Helper()
	workers := atMost(parallelism)
	for n := range resources {
		workers.do(func() {
			change, err := write(n)
			if err != nil {
				t.Error(err)
				return
			}
			if fate, err := o.super.WaitFate(t.Context(), change.ID); err != nil || fate.State != orbit.ChangeApplied {
				t.Errorf("resource %d is %s: %v (%v)", n, fate.State, fate.Problem, err)
			}
		})
	}
	workers.wait()
}

// addPlugins is an apply of so many plugins with resources of their own.
func (o *orbitd) addPlugins(t *testing.T, plugins int) {
	t.Helper()
	o.terraform(t, terraformsOwn, plugins, func(n int) (orbit.Change, error) {
		return o.putPlugin(t.Context(), pluginName(n), "1.0.0", "")
	})
}

// removePlugins is the destruction of so many plugins.
func (o *orbitd) removePlugins(t *testing.T, plugins int) {
	t.Helper()
	o.terraform(t, terraformsOwn, plugins, func(n int) (orbit.Change, error) {
		return o.admission.DeletePlugin(t.Context(), o.world.workspace, pluginName(n), admission.Precondition{})
	})
}

// terraformsOwn is Terraform's own -parallelism.
const terraformsOwn = 10

func pluginName(n int) string { return fmt.Sprintf("@acme/plugin-p%d-backend", n) }

func TestHowManyRolloutsAnApplyIs(t *testing.T) {
	t.Parallel()
	there := func(t *testing.T, o *orbitd) {
		t.Helper()
		o.applied(t, o.put(t, declared(titled("old"), secrets("old"))))
		rest()
	}
	withTen := func(t *testing.T, o *orbitd) {
		t.Helper()
		there(t, o)
		o.addPlugins(t, 10)
		rest()
	}
	for _, c := range []struct {
		name   string
		before func(t *testing.T, o *orbitd)
		apply  func(t *testing.T, o *orbitd)
		boots  int           // how many processes are given their config
		takes  time.Duration // until the apply ends
		slack  time.Duration // how much longer that may be
		rests  time.Duration // until the rollout that nobody waits for has ended as well
	}{
		{
			name: "ten live changes one after the other are none, and none waits", before: there,
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				for n := range 10 {
					config := titled("old")
					config["proxy"] = map[string]any{"endpoints": map[string]any{fmt.Sprintf("/%d", n): map[string]any{"target": "http://127.0.0.1:1"}}}
					o.applied(t, o.put(t, declared(config, nil)))
				}
			},
		},
		{
			name: "ten plugins are one", before: there,
			apply: func(t *testing.T, o *orbitd) { t.Helper(); o.addPlugins(t, 10) },
			boots: 1, takes: quiet + bootTime + readyFor,
		},
		{
			name: "ten plugins that come one after the other within two seconds are one", before: there,
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				o.terraform(t, terraformsOwn, 10, func(n int) (orbit.Change, error) {
					time.Sleep(time.Duration(n) * 150 * time.Millisecond)
					return o.putPlugin(t.Context(), pluginName(n), "1.0.0", "")
				})
			},
			boots: 1, takes: 9*150*time.Millisecond + quiet + bootTime + readyFor,
		},
		{
			name: "ten plugins and a change of the instance that they refer to are two", before: there,
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				o.applied(t, o.put(t, declared(titled("new"), nil)))
				o.addPlugins(t, 10)
			},
			boots: 2, takes: 2 * (quiet + bootTime + readyFor),
		},
		{
			name: "a first apply with ten plugins as resources is the first boot and one",
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				o.applied(t, o.put(t, declared(titled("new"), secrets("new"))))
				o.addPlugins(t, 10)
			},
			boots: 2, takes: bootTime + readyFor + quiet + bootTime + readyFor,
		},
		{
			name: "a first apply with ten plugins in the instance's map is the first boot alone",
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				write := declared(titled("new"), secrets("new"))
				write.Plugins = map[string]orbit.PluginSpec{}
				for n := range 10 {
					write.Plugins[pluginName(n)] = orbit.PluginSpec{Version: "1.0.0"}
				}
				o.applied(t, o.put(t, write))
			},
			boots: 1, takes: bootTime + readyFor,
		},
		{
			name: "more plugins than go at a time are one for each wave", before: there,
			apply: func(t *testing.T, o *orbitd) { t.Helper(); o.addPlugins(t, 25) },
			boots: 3, takes: 3 * (quiet + bootTime + readyFor),
		},
		{
			name: "the removal of ten plugins is one, which nobody waits for", before: withTen,
			apply: func(t *testing.T, o *orbitd) { t.Helper(); o.removePlugins(t, 10) },
			boots: 1, rests: removalDelay + bootTime + readyFor,
		},
		{
			name: "the removal of ten plugins goes with the change that follows it", before: withTen,
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				o.removePlugins(t, 10)
				time.Sleep(removalDelay / 2)
				o.applied(t, o.put(t, declared(titled("new"), nil)))
			},
			boots: 1, takes: removalDelay/2 + quiet + bootTime + readyFor,
		},
		{
			name: "destroying an instance with ten plugins is none", before: withTen,
			apply: func(t *testing.T, o *orbitd) {
				t.Helper()
				o.removePlugins(t, 10)
				o.applied(t, o.remove(t))
			},
			slack: quiet, // where the actor was just looking at the removals
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, 1, fake.Options{BootTime: bootTime}, func(t *testing.T, w *world, wires []*managertest.Wire) {
				o := w.start(t, wires[0], nil)
				if c.before != nil {
					c.before(t, o)
				}
				w.processes.Forget()
				begin := time.Now()
				c.apply(t, o)
				if took := time.Since(begin); took < c.takes || took > c.takes+c.slack {
					t.Errorf("the apply took %v, want %v and at most %v more", took, c.takes, c.slack)
				}
				if c.rests > 0 {
					time.Sleep(c.rests - time.Since(begin) - time.Millisecond)
					if o.served(t) {
						t.Errorf("all is rolled out before %v", c.rests)
					}
					time.Sleep(2 * time.Millisecond)
					if !o.served(t) {
						t.Errorf("not all is rolled out after %v", c.rests)
					}
				}
				rest()
				if boots := w.boots(); boots != c.boots {
					t.Errorf("%d processes were given their config, want %d", boots, c.boots)
				}
			})
		})
	}
}

// boots counts the processes that were given their config since the last Forget: there is one in every rollout but a live
// one. That a standby is begun is none.
func (w *world) boots() int {
	n := 0
	for _, call := range w.processes.Calls() {
		if call.Op == fake.OpActivate {
			n++
		}
	}
	return n
}

// served says whether the process that serves was started with what is declared now.
func (o *orbitd) served(t *testing.T) bool {
	t.Helper()
	instance, err := o.store.Instance(t.Context(), o.world.workspace)
	if err != nil {
		t.Fatal(err)
	}
	return instance.Served != nil && instance.Served.Generation == instance.Generation
}
