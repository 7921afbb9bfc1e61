package manager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	extended  = "@acme/plugin-extended-backend"
	extension = "@acme/plugin-extended-backend-module-x"
)

// modular is an orbitd whose registry has a plugin and a module of it.
func modular(t *testing.T) (*managertest.Server, *orbit.Client) {
	t.Helper()
	s, c := ownServer(t)
	s.Registry.Module(extension, extended)
	return s, c
}

func TestAModuleAndItsPluginComeInAnyOrder(t *testing.T) {
	t.Parallel()
	s, c := modular(t)
	for workspace, order := range map[string][]string{"first": {extension, extended}, "last": {extended, extension}} {
		declare(t, c, workspace, title("Modular"))
		before := boots(s, workspace)
		var changes []*orbit.Change
		for _, name := range order {
			changes = append(changes, putPlugin(t, c, workspace, name, "1.0.0"))
		}
		for _, change := range changes {
			if fate := settle(t, c, change); fate.State != orbit.ChangeApplied {
				t.Errorf("%s: the change of %s is %s: %v", workspace, fate.Plugin, fate.State, fate.Problem)
			}
		}
		if got := boots(s, workspace) - before; got != 1 {
			t.Errorf("%s: %d processes were given a config, want 1 for both", workspace, got)
		}
	}
}

func TestAModuleWithoutItsPluginFailsBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	s, c := modular(t)
	declare(t, c, "lonely", title("Lonely"))
	pid, before := instance(t, c, "lonely").Status.PID, starts(s, "lonely")
	fate := settle(t, c, putPlugin(t, c, "lonely", extension, "1.0.0"))
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeModuleWithoutPlugin || fate.Problem.Plugin != extension {
		t.Errorf("the change is %s with %+v, want failed with module_without_plugin", fate.State, fate.Problem)
	}
	if got := instance(t, c, "lonely"); got.Status.PID != pid || starts(s, "lonely") != before {
		t.Errorf("process %d was replaced by %d", pid, got.Status.PID)
	}
	if _, err := c.GetPlugin(t.Context(), "lonely", extension); !orbit.IsNotFound(err) {
		t.Errorf("reading the module gives %v, want not found", err)
	}
}

func TestWhatComesWithAModuleWithoutItsPluginGoesAhead(t *testing.T) {
	t.Parallel()
	_, c := modular(t)
	declare(t, c, "crowd", title("Crowd"))
	module, other := putPlugin(t, c, "crowd", extension, "1.0.0"), putPlugin(t, c, "crowd", "@acme/plugin-other-backend", "1.0.0")
	if fate := settle(t, c, module); fate.State != orbit.ChangeFailed {
		t.Errorf("the module is %s, want failed", fate.State)
	}
	applied(t, settle(t, c, other), orbit.ImpactRestart)
}

func TestAFirstInstanceThatCannotBeLeavesNothing(t *testing.T) {
	t.Parallel()
	s, c := modular(t)
	fate := declare(t, c, "stillborn", title("Stillborn"), func(w *orbit.InstanceWrite) {
		w.Plugins = map[string]orbit.PluginSpec{extension: {Version: "1.0.0"}}
	})
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeModuleWithoutPlugin {
		t.Errorf("the change is %s with %+v", fate.State, fate.Problem)
	}
	if starts(s, "stillborn") != 0 {
		t.Error("a process was started")
	}
	if _, err := c.GetInstance(t.Context(), "stillborn"); !orbit.IsNotFound(err) {
		t.Errorf("reading the instance gives %v, want not found", err)
	}
}

func TestWhatIsStoredForALaterRestartIsVettedWhenItIsStored(t *testing.T) {
	t.Parallel()
	_, c := modular(t)
	declare(t, c, "later", title("Later"), func(w *orbit.InstanceWrite) { w.RestartPolicy = orbit.RestartManual })
	fate := settle(t, c, putPlugin(t, c, "later", extension, "1.0.0"))
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeModuleWithoutPlugin {
		t.Errorf("the change is %s with %+v, want failed", fate.State, fate.Problem)
	}
	if instance(t, c, "later").Status.PendingRestart {
		t.Error("it waits for a restart")
	}
}

func TestAPlanSaysWhetherAMissingPluginMayStillCome(t *testing.T) {
	t.Parallel()
	_, c := modular(t)
	declare(t, c, "planned", title("Planned"))
	own := small(title("Planned")).InstanceSpec
	own.Plugins = map[string]orbit.PluginSpec{extension: {Version: "1.0.0"}}
	for name, test := range map[string]struct {
		request orbit.PlanRequest
		want    orbit.Severity
	}{
		"in the instance's own set": {orbit.PlanRequest{Instance: &own}, orbit.SeverityError},
		"as a resource of its own": {
			orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: extension, PluginSpec: orbit.PluginSpec{Version: "1.0.0"}}}, orbit.SeverityWarning,
		},
	} {
		result, err := c.Plan(t.Context(), "planned", test.request)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Diagnostics) != 1 || result.Diagnostics[0].Code != orbit.CodeModuleWithoutPlugin || result.Diagnostics[0].Severity != test.want {
			t.Errorf("%s: the plan says %v, want a %s", name, result.Diagnostics, test.want)
		}
	}
}

// strict is an orbitd whose packages have a schema.
func strict(t *testing.T) *orbit.Client {
	t.Helper()
	s, c := ownServer(t)
	set, err := configschema.Parse([]byte(`{"backstageConfigSchemaVersion":1,"schemas":[{"packageName":"@backstage/strict","path":"p",
		"value":{"type":"object","properties":{"strict":{"type":"object","properties":{
			"port":{"type":"number"},"token":{"type":"string","visibility":"secret"}}}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	s.Registry.Know(set)
	return c
}

func TestALiteralSecretIsWarnedOfAndMaskedEverywhere(t *testing.T) {
	t.Parallel()
	c := strict(t)
	const config = "strict: {token: pl41ntext, port: 1}\n"
	spec := small(config).InstanceSpec
	planned, err := c.Plan(t.Context(), "literal", orbit.PlanRequest{Instance: &spec})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(planned.Diagnostics, func(d orbit.Diagnostic) bool {
		return d.Code == orbit.CodeLiteralSecret && d.Severity == orbit.SeverityWarning && d.Path == "strict.token" && d.Line == 1
	}) {
		t.Errorf("the plan says %+v, want a warning of the literal in line 1", planned.Diagnostics)
	}
	declare(t, c, "literal", config)
	addPlugin(t, c, "literal", "@acme/plugin-x-backend", "x: {}\n")
	shown := []string{instance(t, c, "literal").Config}
	page, err := c.ListInstances(t.Context(), orbit.InstanceQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range page.Items {
		shown = append(shown, i.Config)
	}
	for _, text := range shown {
		if strings.Contains(text, "pl41ntext") || !strings.Contains(text, "***") {
			t.Errorf("the API shows %s", text)
		}
	}
	// Who wrote it can go on writing it.
	if again := declare(t, c, "literal", config+"other: 1\n"); again.State != orbit.ChangeApplied {
		t.Errorf("the next write is %s: %v", again.State, again.Problem)
	}
}

func TestALiteralSecretCanBeDenied(t *testing.T) {
	t.Parallel()
	c := strict(t)
	fate := declare(t, c, "denied", "strict: {token: pl41ntext}\n", func(w *orbit.InstanceWrite) { w.LiteralSecrets = orbit.LiteralsDeny })
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeLiteralSecret || strings.Contains(fate.Problem.Detail, "pl41ntext") {
		t.Errorf("the change is %s with %+v, want failed with literal_secret", fate.State, fate.Problem)
	}
}

func TestAWrongTypeIsAnErrorAtPlanAndAtApplyWhoeverDeclaresIt(t *testing.T) {
	t.Parallel()
	c := strict(t)
	declare(t, c, "typed", title("Typed"))
	wrong := orbit.PluginSpec{Version: "1.0.0", Config: "strict:\n  port: seven\n"}
	planned, err := c.Plan(t.Context(), "typed", orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: extended, PluginSpec: wrong}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(planned.Diagnostics, func(d orbit.Diagnostic) bool {
		return d.Code == orbit.CodeWrongType && d.Severity == orbit.SeverityError && d.Plugin == extended && d.Path == "strict.port" && d.Line == 2
	}) {
		t.Errorf("the plan says %+v", planned.Diagnostics)
	}
	fate := settle(t, c, addPlugin(t, c, "typed", extended, wrong.Config))
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeWrongType {
		t.Errorf("the change is %s with %+v, want failed", fate.State, fate.Problem)
	}
}

// A frontend plugin's schema is no part of the backend: Backstage holds the app-config against it when it serves the web app.
func TestWhatTheWebAppDoesNotStartWithIsFoundAtPlanAndAtApply(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	const graphs = "@acme/plugin-graphs"
	set, err := configschema.Parse([]byte(`{"backstageConfigSchemaVersion":1,"schemas":[{"packageName":"` + graphs + `","path":"p",
		"value":{"type":"object","required":["graphs"],"properties":{"graphs":{"type":"object","required":["domain"],"properties":{
			"domain":{"type":"string","visibility":"frontend"},"live":{"type":"boolean","visibility":"frontend"},"cache":{"type":"number"}}}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	declare(t, c, "graphic", title("Graphic"))
	pid := instance(t, c, "graphic").Status.PID
	s.Registry.KnowWebApp(set)

	own := small(title("Graphic")).InstanceSpec
	own.Plugins = map[string]orbit.PluginSpec{graphs: {Version: "1.0.0"}}
	plugin := func(config string) orbit.PlanRequest {
		return orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: graphs, PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: config}}}
	}
	for name, test := range map[string]struct {
		request orbit.PlanRequest
		want    string
	}{
		"a key is missing in the instance's own set": {orbit.PlanRequest{Instance: &own}, "error missing_key " + graphs + " graphs"},
		"it may come in the same run":                {plugin(""), "warning missing_key " + graphs + " graphs"},
		"a wrong type, and whose":                    {plugin("graphs: {domain: d, live: maybe}"), "error wrong_type " + graphs + " graphs.live"},
		"what no browser sees":                       {plugin("graphs: {domain: d, cache: much}"), ""},
	} {
		result, err := c.Plan(t.Context(), "graphic", test.request)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range result.Diagnostics {
			got += fmt.Sprint(d.Severity, " ", d.Code, " ", d.Plugin, " ", d.Path)
		}
		if got != test.want {
			t.Errorf("%s: the plan says %q, want %q: %v", name, got, test.want, result.Diagnostics)
		}
	}

	fate := settle(t, c, addPlugin(t, c, "graphic", graphs, ""))
	if fate.State != orbit.ChangeFailed || fate.Problem.Code != orbit.CodeMissingKey || fate.Problem.Plugin != graphs {
		t.Errorf("the change is %s with %+v, want failed", fate.State, fate.Problem)
	}
	if got := instance(t, c, "graphic").Status.PID; got != pid {
		t.Errorf("process %d was replaced by %d", pid, got)
	}
	applied(t, settle(t, c, addPlugin(t, c, "graphic", graphs, "graphs: {domain: d}")), orbit.ImpactRestart)
}

func TestAModuleWaitsForItsPluginWhileThatIsBeingPlanned(t *testing.T) {
	t.Parallel()
	s, c := modular(t)
	declare(t, c, "slow", title("Slow"))
	planning, release := s.Registry.Hold(extended)
	planned := make(chan error, 1)
	go func() {
		_, err := c.Plan(t.Context(), "slow", orbit.PlanRequest{
			Plugin: &orbit.PluginPlan{Package: extended, PluginSpec: orbit.PluginSpec{Version: "1.0.0"}},
		})
		planned <- err
	}()
	<-planning
	module := putPlugin(t, c, "slow", extension, "1.0.0")
	within(t, "the module is looked at", func() bool { return s.Registry.Vetted(extension) })
	release()
	if err := <-planned; err != nil {
		t.Fatal(err)
	}
	plugin := putPlugin(t, c, "slow", extended, "1.0.0")
	for _, change := range []*orbit.Change{module, plugin} {
		if fate := settle(t, c, change); fate.State != orbit.ChangeApplied {
			t.Errorf("the change of %s is %s: %v", fate.Plugin, fate.State, fate.Problem)
		}
	}
}
