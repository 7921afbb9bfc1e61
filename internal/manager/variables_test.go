package manager_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// readers refers to HEADER where a change is live and to TITLE where it costs a restart.
const readers = "app:\n  title: ${TITLE}\nproxy:\n  endpoints:\n    /x: {target: 'http://127.0.0.1:1', headers: {Authorization: {$env: HEADER}}}\n"

func withVariables(variables map[string]string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.Variables = variables }
}

func TestAVariableIsReadableAndCostsWhatItsReadersCost(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "variable", readers, withVariables(map[string]string{"TITLE": "first-title", "HEADER": "first-header", "UNUSED": "a"}))
	runsWith(t, s, "variable", []string{"first-title", "first-header"}, nil)
	if i := instance(t, c, "variable"); i.Variables["TITLE"] != "first-title" {
		t.Errorf("the API shows the variables %v, want their values", i.Variables)
	}
	pid := instance(t, c, "variable").Status.PID

	applied(t, declare(t, c, "variable", readers,
		withVariables(map[string]string{"TITLE": "first-title", "HEADER": "first-header", "UNUSED": "b"})), orbit.ImpactNone)
	applied(t, declare(t, c, "variable", readers,
		withVariables(map[string]string{"TITLE": "first-title", "HEADER": "second-header"})), orbit.ImpactLive)
	runsWith(t, s, "variable", []string{"second-header"}, []string{"first-header"})
	if now := instance(t, c, "variable").Status.PID; now != pid {
		t.Error("changing a variable whose reader is live replaced the process")
	}
	applied(t, declare(t, c, "variable", readers,
		withVariables(map[string]string{"TITLE": "second-title", "HEADER": "second-header"})), orbit.ImpactRestart)
	runsWith(t, s, "variable", []string{"second-title"}, []string{"first-title"})
	change := declare(t, c, "variable", readers, withVariables(map[string]string{"TITLE": brokenTitle, "HEADER": "third-header"}))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if i := instance(t, c, "variable"); i.Variables["TITLE"] != "second-title" {
		t.Errorf("the variables are %v, want those from before the change that failed", i.Variables)
	}
	remove(t, c, "variable")
}

func TestANameIsASecretOrAVariable(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	both := small("app: {}\n")
	both.Secrets, both.Variables = map[string]string{"A": "a-secret-value"}, map[string]string{"A": "a-plain-value"}
	_, err := c.PutInstance(t.Context(), "both", orbit.IfAbsent(), both)
	p := refused(t, err, orbit.CodeDuplicateName)
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Path != "variables.A" {
		t.Errorf("the problem is %+v, want it to name variables.A", p)
	}
	if p.Pointer != "/variables" {
		t.Errorf("the pointer is %q, want /variables", p.Pointer)
	}

	declare(t, c, "both", "app: {}\n", withSecrets(1, map[string]string{"A": "a-secret-value"}))
	spec := small("app: {}\n").InstanceSpec
	spec.Variables, spec.SecretsVersion = map[string]string{"A": "a-plain-value"}, 1
	result, err := c.Plan(t.Context(), "both", orbit.PlanRequest{Instance: &spec})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Diagnostics) != 1 || result.Diagnostics[0].Code != orbit.CodeDuplicateName || !orbit.HasErrors(result.Diagnostics) {
		t.Errorf("the plan of a variable with the name of a stored secret finds %+v", result.Diagnostics)
	}
	// A write that takes the secret away with it is none of both.
	result, err = c.Plan(t.Context(), "both", orbit.PlanRequest{Instance: &spec, SecretNames: []string{}})
	if err != nil || len(result.Diagnostics) > 0 {
		t.Errorf("moving a name to the variables finds %+v, %v", result, err)
	}

	wrong := small("app: {}\n")
	wrong.Variables = map[string]string{"NOT-A-NAME": "x"}
	_, err = c.PutInstance(t.Context(), "misnamed", orbit.IfAbsent(), wrong)
	if p := refused(t, err, orbit.CodeInvalidRequest); !strings.Contains(p.Detail, "NOT-A-NAME") {
		t.Errorf("the problem is %+v, want it to name the variable", p)
	}
	remove(t, c, "both")
}

func TestLiteralSecretsIsKeptAndRunsNothing(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "literal", "app: {}\n")
	applied(t, declare(t, c, "literal", "app: {}\n", func(w *orbit.InstanceWrite) { w.LiteralSecrets = orbit.LiteralsDeny }), orbit.ImpactNone)
	if i := instance(t, c, "literal"); i.LiteralSecrets != orbit.LiteralsDeny {
		t.Errorf("literal_secrets is %q, want deny", i.LiteralSecrets)
	}
	wrong := small("app: {}\n")
	wrong.LiteralSecrets = "perhaps"
	_, err := c.PutInstance(t.Context(), "literally", orbit.IfAbsent(), wrong)
	refused(t, err, orbit.CodeInvalidRequest)
	remove(t, c, "literal")
}

func TestConflictingFragmentsNameBothResources(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	const inMap, ownResource, other = "@acme/plugin-a-backend", "@acme/plugin-b-backend", "@acme/plugin-c-backend"
	declare(t, c, "contrary", "app: {}\n", func(w *orbit.InstanceWrite) {
		w.Plugins = map[string]orbit.PluginSpec{inMap: {Version: "1.0.0", Config: "x: {y: 1}\n"}}
	})
	spec := orbit.PluginSpec{Version: "1.0.0", Config: "x: {y: 2}\n"}
	want := inMap + " (in plugins of orbit_backstage_instance, id contrary) and " + ownResource +
		" (orbit_backstage_plugin, id contrary/" + ownResource + ") set x.y to different values"
	result, err := c.Plan(t.Context(), "contrary", orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: ownResource, PluginSpec: spec}})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Diagnostics) != 1 || result.Diagnostics[0].Severity != orbit.SeverityWarning || !strings.Contains(result.Diagnostics[0].Message, want) {
		t.Errorf("the plan finds %+v, want a warning that says %s", result.Diagnostics, want)
	}
	_, err = c.PutPlugin(t.Context(), "contrary", ownResource, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: spec})
	if p := refused(t, err, orbit.CodeConflictingPaths); !strings.Contains(p.Detail, want) {
		t.Errorf("the write is refused with %q, want %s", p.Detail, want)
	}

	// Two that refer to secrets of their own by one name set different values, whatever they write.
	own := orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: "z: ${TOKEN}\n"}, Secrets: map[string]string{"TOKEN": "a-secret-value"},
	}
	change, err := c.PutPlugin(t.Context(), "contrary", ownResource, orbit.IfAbsent(), own)
	if err != nil {
		t.Fatal(err)
	}
	applied(t, settle(t, c, change), orbit.ImpactRestart)
	_, err = c.PutPlugin(t.Context(), "contrary", other, orbit.IfAbsent(), own)
	refused(t, err, orbit.CodeConflictingPaths)
	remove(t, c, "contrary")
}
