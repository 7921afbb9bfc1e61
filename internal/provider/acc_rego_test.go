package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// builtRego builds the program that evaluates Rego once for all tests.
var builtRego = sync.OnceValues(func() (string, error) { return build("../../tools/rego", "rego") })

// denials are what the example's policy says of a plan, in the window or out of it.
func denials(t *testing.T, plan []byte, open bool) []string {
	t.Helper()
	program, err := builtRego()
	if err != nil {
		t.Fatal(err)
	}
	window := filepath.Join(t.TempDir(), "window.json")
	if err := os.WriteFile(window, fmt.Appendf(nil, `{"window": {"open": %t}}`, open), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "data.orbit.maintenance.deny", "../../examples/policy/maintenance.rego", window)
	command.Stdin = bytes.NewReader(plan)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var messages []string
	if err := json.Unmarshal(output, &messages); err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestAccTheExamplePolicyReadsRealPlans(t *testing.T) {
	t.Parallel()
	m := realManager(t, "rego")
	tf := newProject(t, m, m.example(t, "policy"))
	const instance, plugin = "orbit_backstage_instance.acme: ", "orbit_backstage_plugin.todo[0]: "
	const target, origin = "-var=proxy_target=https://other.example.com", "-var=cors_origin=https://other.example.com"
	for _, step := range []struct {
		name   string
		args   []string
		denied []string // what each denial says
		apply  bool
	}{
		{name: "the first boot, with its plugin", apply: true},
		{name: "nothing"},
		{name: "a live change", args: []string{target}, apply: true},
		{name: "a restart", args: []string{target, origin},
			denied: []string{instance + "it costs restart for backend.cors.origin"}, apply: true},
		// What the last change cost stays in the state, and is nobody's concern in a plan that costs less.
		{name: "nothing after a restart", args: []string{target, origin}},
		{name: "a live change after a restart", args: []string{origin}, apply: true},
		{name: "an upgrade", args: []string{origin, "-var=todo_version=0.25.0"},
			denied: []string{plugin + `it costs upgrade for plugins["@backstage-community/plugin-todo-backend"].version`}},
		{name: "removing the plugin", args: []string{origin, "-var=todo_version="},
			denied: []string{plugin + "removing a plugin costs a restart"}, apply: true},
		{name: "adding it again", args: []string{origin},
			denied: []string{plugin + `it costs restart for plugins["@backstage-community/plugin-todo-backend"]`}, apply: true},
		{name: "replacing it", args: []string{origin, "-replace=orbit_backstage_plugin.todo[0]"},
			denied: []string{plugin + "it costs restart for ", plugin + "removing a plugin costs a restart"}},
		{name: "destroying all of it", args: []string{"-destroy"}},
	} {
		tf.plan(t, step.args...)
		wantDenied(t, step.name, tf.show(t), step.denied...)
		if step.apply {
			tf.do(t, "apply", "plan")
		}
	}
	tf.write(t, strings.Replace(m.example(t, "policy"), "target = var.proxy_target", "target = terraform_data.later.id", 1)+
		"resource \"terraform_data\" \"later\" {}\n")
	tf.plan(t, origin)
	wantDenied(t, "a cost that nobody knows yet", tf.show(t), instance+"what it costs is known only after apply")
}

// wantDenied compares what the example's policy says of a plan when the window is closed; in the window it says nothing.
func wantDenied(t *testing.T, name string, plan []byte, says ...string) {
	t.Helper()
	got := denials(t, plan, false)
	if len(got) != len(says) {
		t.Fatalf("%s: denials = %q, want %q", name, got, says)
	}
	for i, message := range got {
		want(t, message, says[i], "it is not in the maintenance window")
	}
	if open := denials(t, plan, true); len(open) != 0 {
		t.Errorf("%s: denials in the window = %q", name, open)
	}
}
