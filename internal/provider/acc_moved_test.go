package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// edit changes the instance behind Terraform's back.
func (m manager) edit(t *testing.T, edit func(*orbit.InstanceSpec)) {
	t.Helper()
	client, instance := m.client(t), m.instance(t)
	edit(&instance.InstanceSpec)
	change, err := client.PutInstance(t.Context(), m.workspace, orbit.IfMatch(instance.ETag), orbit.InstanceWrite{InstanceSpec: instance.InstanceSpec})
	m.applied(t, change, err)
}

func (m manager) forbid(t *testing.T) {
	t.Helper()
	m.edit(t, func(spec *orbit.InstanceSpec) { spec.RestartPolicy = orbit.RestartForbid })
}

const todoPackage = "@backstage-community/plugin-todo-backend"

// A plan is made, then orbitd's world moves, then the plan is applied. What was planned is done as planned or not at all.
func TestAccAPlanIsAppliedAsItWasPlannedOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, planned string
		args            []string
		move            func(t *testing.T, m manager)
		says            []string
		// again is what the next plan of the same configuration says.
		again string
	}{
		"costs-more": {
			before: accPolicy("manual", "http://a", ""), planned: accPolicy("auto", "http://a", ""),
			move: func(t *testing.T, m manager) {
				change, err := m.client(t).PutPlugin(t.Context(), m.workspace, todoPackage, orbit.IfAbsent(),
					orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "0.25.0"}})
				m.applied(t, change, err)
			},
			says: []string{"Error: Unable to update instance costs-more", "Planned none, now a restart: ", "nothing was touched, plan again.",
				`plugins["` + todoPackage + `"]: restart, because it was added`, "in orbitd's log"},
			again: "restart_policy: restart, because stored changes wait",
		},
		"is-stale": {
			before: accPolicy("auto", "http://a", ""), planned: accPolicy("auto", "http://b", ""),
			move: func(t *testing.T, m manager) {
				m.edit(t, func(spec *orbit.InstanceSpec) { spec.MemoryLimitMiB = 2048 })
			},
			says:  []string{"Error: Unable to update instance is-stale", "omebody else changed it since it was read; nothing was touched, plan again"},
			again: "memory_limit_mib: restart",
		},
		"is-forbidden": {
			before: accPolicy("auto", "http://a", "0.24.0"), planned: accPolicy("auto", "http://a", "0.25.0"),
			args:  []string{"-target=orbit_backstage_plugin.todo"},
			move:  func(t *testing.T, m manager) { m.forbid(t) },
			says:  []string{"Error: Instance is-forbidden must not be restarted", "restart_policy is forbid"},
			again: "Error: Instance is-forbidden must not be restarted",
		},
		"is-stored": {
			before: accPolicy("auto", "http://a", "0.24.0"), planned: accPolicy("auto", "http://a", "0.25.0"),
			args: []string{"-target=orbit_backstage_plugin.todo"},
			move: func(t *testing.T, m manager) {
				m.edit(t, func(spec *orbit.InstanceSpec) { spec.RestartPolicy = orbit.RestartManual })
			},
			// It went through, at no restart: the plan promised at most one.
			says:  []string{"Warning: Instance is-stored waits for a restart", "Apply complete! Resources: 0 added, 1 changed"},
			again: "restart_policy: restart, because stored changes wait",
		},
		"is-unknown": {
			before: accPolicy("auto", "http://a", ""),
			planned: strings.Replace(accPolicy("later", "http://b", ""), `"later"`, "terraform_data.later.output", 1) +
				"resource \"terraform_data\" \"later\" {\n  input = \"forbid\"\n}\n",
			move:  func(*testing.T, manager) {},
			says:  []string{"Error: Instance is-unknown must not be restarted", "backend.cors.origin: restart"},
			again: "Error: Instance is-unknown must not be restarted",
		},
		"is-gone": {
			before: accPolicy("auto", "http://a", "0.24.0"), planned: accPolicy("auto", "http://a", "0.25.0"),
			args: []string{"-target=orbit_backstage_plugin.todo"},
			move: func(t *testing.T, m manager) {
				_, err := m.client(t).DeletePlugin(t.Context(), m.workspace, todoPackage, orbit.Precondition{})
				if err != nil {
					t.Fatal(err)
				}
			},
			says:  []string{"Error: Unable to update plugin " + todoPackage, "It was deleted since it was read; plan again"},
			again: "orbit_backstage_plugin.todo will be created",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := realManager(t, name)
			tf := newProject(t, m, m.own(c.before))
			tf.apply(t)
			tf.write(t, m.own(c.planned))
			tf.plan(t, c.args...)
			c.move(t, m)
			before := m.instance(t)
			said, done := tf.try(t, "apply", "plan")
			want(t, said, c.says...)
			if after := m.instance(t); after.ETag != before.ETag || after.Status.PID != before.Status.PID {
				t.Errorf("instance = %+v, was %+v: something was touched", after, before)
			}
			if failed := strings.Contains(said, "Error: "); failed == done {
				t.Errorf("apply went through: %v, and says: %s", done, said)
			}
			said, _ = tf.try(t, "plan")
			want(t, said, c.again)
		})
	}
}

// applied waits for a change that was made behind Terraform's back.
func (m manager) applied(t *testing.T, change *orbit.Change, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if verdict, err := m.client(t).WaitChange(t.Context(), change.ID, nil); err != nil || verdict.State != orbit.ChangeApplied {
		t.Fatalf("verdict = %+v, %v", verdict, err)
	}
}

func TestAccAPlanOfManyResourcesWithoutOrbitdIsQuickAndWarnsOnce(t *testing.T) {
	t.Parallel()
	_ = anyManager(t, "") // an acceptance test
	const nobody = "http://127.0.0.1:1"
	m := manager{newFakeAPI(t).URL, fakeToken, "away"}
	tf := newProject(t, m, `
variable "memory" { default = 1024 }
resource "orbit_backstage_instance" "acme" {
  count               = 20
  workspace           = "acme-${count.index}"
  memory_limit_mib    = var.memory
  deletion_protection = false
}
`)
	tf.apply(t)
	tf.move(nobody)
	started := time.Now()
	said := tf.plan(t, "-var=memory=512")
	took := time.Since(started)
	t.Logf("figure: plan of 20 resources without orbitd: %.1f s", took.Seconds())
	if took > 15*time.Second {
		t.Errorf("the plan took %s: every resource waits", took)
	}
	want(t, said, "Plan: 0 to add, 20 to change, 0 to destroy.", "Planned without orbitd", nobody,
		"The plan goes by the last known state.")
	if got := strings.Count(said, "Warning: Planned without orbitd"); got != 1 {
		t.Errorf("%d warnings, want one:\n%s", got, said)
	}
	want(t, tf.refuse(t, "apply", "plan"), "Error: Unable to update instance acme-0", "cannot be reached")
	want(t, tf.refuse(t, "import", "orbit_backstage_instance.acme[20]", "acme-20"), "Error: ")
	tf.move(m.endpoint)
	want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
}
