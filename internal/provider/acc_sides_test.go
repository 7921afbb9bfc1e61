package provider_test

import "testing"

// The write carries what the plan promised, so that orbitd would refuse it if it cost more.
func TestAccAnotherVersionOfAPartOfTheWebAppIsARestart(t *testing.T) {
	t.Parallel()
	for name, form := range versionedForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := realManager(t, "side-"+name)
			pkg := "@acme/plugin-" + name + "-graphs"
			tf := newProject(t, m, m.own(form.hcl(pkg, "1.0.0")))
			tf.apply(t)
			planned := func(version, impact string) {
				t.Helper()
				tf.write(t, m.own(form.hcl(pkg, version)))
				tf.plan(t)
				wantChange(t, tf.planned(t, form.address), object{"change_impact": impact})
			}
			planned("1.1.0", "restart")
			tf.do(t, "apply", "plan")
			want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")

			tf.move("http://127.0.0.1:1") // where nobody answers
			planned("1.2.0", "restart")
			tf.move(m.endpoint)
			tf.do(t, "apply", "plan")
			want(t, tf.do(t, "plan", "-detailed-exitcode"), "No changes")
		})
	}
}
