package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// versioned is a configuration with one plugin in a version, and how a plan of it tells what becomes of that.
type versioned struct {
	address, id string
	hcl         func(pkg, version string) string
	resolved    func(values map[string]any, pkg string) any
}

var versionedForms = map[string]versioned{
	"plugin": {
		address: "orbit_backstage_plugin.x", id: "WORKSPACE/PACKAGE",
		hcl: func(pkg, version string) string {
			return accConfig(accBase, "") + fmt.Sprintf("resource \"orbit_backstage_plugin\" \"x\" {\n"+
				"  workspace = orbit_backstage_instance.acme.workspace\n  package = %q\n  version = %q\n}\n", pkg, version)
		},
		resolved: func(values map[string]any, _ string) any { return values["resolved_version"] },
	},
	"map": {
		address: accInstance, id: "WORKSPACE",
		hcl: func(pkg, version string) string {
			return accConfig(accBase, fmt.Sprintf("  plugins = { %q = { version = %q } }", pkg, version))
		},
		resolved: func(values map[string]any, pkg string) any {
			plugins, _ := values["plugins"].(map[string]any)
			plugin, _ := plugins[pkg].(map[string]any)
			return plugin["resolved_version"]
		},
	},
}

func TestAccAVersionRangeMeansOneVersionForGood(t *testing.T) {
	t.Parallel()
	for name, form := range versionedForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := realManager(t, "version-"+name)
			registry, pkg := shared.Server(t).Registry, "@acme/plugin-"+name+"-backend"
			registry.Publish(pkg, "1.2.0")
			tf := newProject(t, m, m.own(form.hcl(pkg, "^1.0.0")))
			// planned plans the version, has the world move, and applies what was planned.
			planned := func(version string, resolved, impact any, move func()) {
				t.Helper()
				tf.write(t, m.own(form.hcl(pkg, version)))
				tf.plan(t)
				change := tf.planned(t, form.address)
				after, _ := change.After.(map[string]any)
				open, _ := change.AfterUnknown.(map[string]any)
				got := form.resolved(after, pkg)
				if form.resolved(open, pkg) == true {
					got = unknown
				}
				if got != resolved {
					t.Errorf("%s is planned as %v, want %v", version, got, resolved)
				}
				if impact != nil {
					wantChange(t, change, object{"change_impact": impact})
				}
				move()
				tf.do(t, "apply", "plan")
				want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
			}
			installed := func(version string) {
				t.Helper()
				want(t, m.instance(t).Status.Bundle+" ", pkg+"@"+version+" ")
			}
			planned("^1.0.0", "1.2.0", nil, func() { registry.Publish(pkg, "1.3.0") })
			installed("1.2.0")
			pid := m.instance(t).Status.PID
			planned("1.2.x", "1.2.0", "none", func() {})
			planned("1.2.0", "1.2.0", "none", func() {})
			planned("^1.0.0", "1.2.0", "none", func() {})
			if now := m.instance(t).Status.PID; now != pid {
				t.Errorf("pid %d serves, want %d: a range for its own version restarts nothing", now, pid)
			}
			planned(">=1.1 <2", "1.3.0", "upgrade", func() { registry.Publish(pkg, "1.4.0") })
			installed("1.3.0")

			const nobody = "http://127.0.0.1:1"
			tf.move(nobody)
			planned("^1.3.0", unknown, unknown, func() { tf.move(m.endpoint) })
			installed("1.4.0")

			// What a plan knew cannot be told again without orbitd.
			tf.write(t, m.own(form.hcl(pkg, "~1.2.0")))
			tf.plan(t)
			tf.move(nobody)
			want(t, tf.refuse(t, "apply", "plan"), "Error: Unable to update", "what it means is orbitd's to say. Nothing was changed")
			tf.move(m.endpoint)

			imported := newProject(t, m, m.own(form.hcl(pkg, "^1.3.0")))
			imported.do(t, "import", form.address, strings.ReplaceAll(m.own(form.id), "PACKAGE", pkg))
			if form.address != accInstance {
				imported.do(t, "import", accInstance, m.workspace)
			}
			want(t, imported.do(t, "plan", "-detailed-exitcode"), "No changes")
			tf.do(t, "destroy", "-auto-approve")
		})
	}
}
