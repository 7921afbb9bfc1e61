package manager_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// refused says that the error is a problem with the code, and returns it.
func refused(t *testing.T, err error, code orbit.Code) *orbit.Problem {
	t.Helper()
	var p *orbit.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want a problem with code %s", err, code)
	}
	return p
}

func small(config string) orbit.InstanceWrite {
	return orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", Config: config, MemoryLimitMiB: 1024}}
}

func TestEveryRouteNeedsTheToken(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var api struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(document, &api); err != nil {
		t.Fatal(err)
	}
	if len(api.Paths) < 8 {
		t.Fatalf("the OpenAPI document has %d paths, want all of them", len(api.Paths))
	}
	api.Paths["/openapi.json"] = map[string]any{"get": nil}
	api.Paths["/no/such/route"] = map[string]any{"get": nil}
	for path, methods := range api.Paths {
		for method := range methods {
			for _, token := range []string{"", "orbit_wrong"} {
				status, body := call(t, s, strings.ToUpper(method), path, token)
				if status != http.StatusUnauthorized || !strings.Contains(body, `"code":"unauthorized"`) {
					t.Errorf("%s %s with token %q answers %d %s, want 401 and a problem", method, path, token, status, body)
				}
			}
		}
	}
	if status, body := call(t, s, http.MethodGet, "/healthz", ""); status != http.StatusOK {
		t.Errorf("GET /healthz without a token answers %d %s, want 200", status, body)
	}
}

func call(t *testing.T, s *managertest.Server, method, path, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Manager.APIURL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return fetch(t, r)
}

// fetch sends a request and returns status and body.
func fetch(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestOpenAPIIsServed(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	status, body := call(t, s, http.MethodGet, "/openapi.json", token)
	if status != http.StatusOK || !strings.Contains(body, `"openapi":"3.1`) {
		t.Errorf("GET /openapi.json answers %d %.80s, want an OpenAPI 3.1 document", status, body)
	}
}

func TestAWriteNamesTheVersionItMeans(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	created := declare(t, c, "versions", title("One"))
	first := instance(t, c, "versions")

	_, err := c.PutInstance(t.Context(), "versions", orbit.Precondition{}, small(title("Two")))
	refused(t, err, orbit.CodePreconditionMiss)

	_, err = c.PutInstance(t.Context(), "versions", orbit.IfAbsent(), small(title("Two")))
	if p := refused(t, err, orbit.CodeAlreadyExists); !strings.Contains(p.Detail, "terraform import orbit_backstage_instance") {
		t.Errorf("the problem says %q, want it to show the import command", p.Detail)
	}

	applied(t, declare(t, c, "versions", title("Two")), orbit.ImpactRestart)
	_, err = c.PutInstance(t.Context(), "versions", orbit.IfMatch(first.ETag), small(title("Three")))
	refused(t, err, orbit.CodeStale)
	if now := instance(t, c, "versions"); now.Config != title("Two") {
		t.Errorf("a stale write changed the config to %q", now.Config)
	}
	if created.Generation != 1 {
		t.Errorf("the creating change made generation %d, want 1", created.Generation)
	}
	remove(t, c, "versions")
	_, err = c.PutInstance(t.Context(), "versions", orbit.IfMatch(first.ETag), small(""))
	refused(t, err, orbit.CodeStale)
}

func TestWhatCannotBeIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	for name, test := range map[string]struct {
		write orbit.InstanceWrite
		code  orbit.Code
		says  string
	}{
		"yaml":      {small("app:\n  title: 'x\n"), orbit.CodeInvalidDocument, "line"},
		"mapping":   {small("- a\n- b\n"), orbit.CodeNotAMapping, ""},
		"owned":     {small("backend:\n  baseUrl: http://x\n"), orbit.CodeManagedKey, "backend.baseUrl"},
		"secret":    {small("app:\n  title: ${NOWHERE}\n"), orbit.CodeUndefinedSecret, "NOWHERE"},
		"file":      {small("app:\n  title: {$file: /etc/passwd}\n"), orbit.CodeForbiddenDirective, ""},
		"release":   {orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{Release: "0.1.0", MemoryLimitMiB: 1024}}, orbit.CodeUnknownRelease, "0.1.0"},
		"package":   {withPlugin("../evil", "1.0.0", ""), orbit.CodeInvalidPackage, ""},
		"tag":       {withPlugin("@acme/plugin-x-backend", "latest", ""), orbit.CodeInvalidVersion, ""},
		"fragment":  {withPlugin("@acme/plugin-x-backend", "1.0.0", "a: ["), orbit.CodeInvalidDocument, "@acme/plugin-x-backend"},
		"workspace": {small(""), orbit.CodeInvalidWorkspace, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			workspace := "refused-" + name
			if name == "workspace" {
				workspace = "Not_A_Label"
			}
			_, err := c.PutInstance(t.Context(), workspace, orbit.IfAbsent(), test.write)
			p := refused(t, err, test.code)
			if p.RequestID == "" || !strings.Contains(p.Detail, test.says) {
				t.Errorf("the problem is %+v, want a request id and %q in its detail", p, test.says)
			}
			if _, err := c.GetInstance(t.Context(), workspace); !orbit.IsNotFound(err) {
				t.Errorf("reading it gives %v, want not found", err)
			}
			if n := starts(s, workspace); n != 0 {
				t.Errorf("%d processes were started", n)
			}
		})
	}
}

func withPlugin(name, version, config string) orbit.InstanceWrite {
	w := small("")
	w.Plugins = map[string]orbit.PluginSpec{name: {Version: version, Config: config}}
	return w
}

func TestAChangeThatWouldCostMoreThanPlannedTouchesNothing(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "exceeded", title("One"))
	before := instance(t, c, "exceeded")
	write := small(title("Two"))
	write.MaxImpact = orbit.ImpactLive
	_, err := c.PutInstance(t.Context(), "exceeded", orbit.IfMatch(before.ETag), write)
	if p := refused(t, err, orbit.CodeImpactExceeded); !strings.Contains(p.Detail, "app.title") || len(p.Reasons) == 0 {
		t.Errorf("the problem is %+v, want the reason", p)
	}
	if after := instance(t, c, "exceeded"); after.ETag != before.ETag || after.Generation != before.Generation {
		t.Error("the refused write touched the instance")
	}
	remove(t, c, "exceeded")
}

func TestAProtectedInstanceIsNotDeleted(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "protected", "", func(w *orbit.InstanceWrite) { w.DeletionProtection = true })
	_, err := c.DeleteInstance(t.Context(), "protected", orbit.Precondition{})
	refused(t, err, orbit.CodeDeletionProtect)
	declare(t, c, "protected", "")
	remove(t, c, "protected")
}

func TestOnePackageHasOneOwner(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	const name = "@acme/plugin-owned-backend"
	spec := orbit.PluginSpec{Version: "1.0.0"}
	declare(t, c, "owner", "", func(w *orbit.InstanceWrite) { w.Plugins = map[string]orbit.PluginSpec{name: spec} })
	_, err := c.PutPlugin(t.Context(), "owner", name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: spec})
	if p := refused(t, err, orbit.CodePluginOwned); !strings.Contains(p.Detail, "orbit_backstage_instance") {
		t.Errorf("the problem says %q, want it to name the other owner", p.Detail)
	}
	declare(t, c, "owner", "")
	change, err := c.PutPlugin(t.Context(), "owner", name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: spec})
	if err != nil {
		t.Fatal(err)
	}
	settle(t, c, change)
	write := withPlugin(name, "1.0.0", "")
	_, err = c.PutInstance(t.Context(), "owner", orbit.IfMatch(instance(t, c, "owner").ETag), write)
	if p := refused(t, err, orbit.CodePluginOwned); !strings.Contains(p.Detail, "orbit_backstage_plugin") {
		t.Errorf("the problem says %q, want it to name the other owner", p.Detail)
	}
	remove(t, c, "owner")
}

func TestAPlanTellsTheCostAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "planned", title("One"))
	before, started := instance(t, c, "planned"), starts(s, "planned")
	spec := small(title("Two")).InstanceSpec
	result, err := c.Plan(t.Context(), "planned", orbit.PlanRequest{Instance: &spec})
	if err != nil {
		t.Fatal(err)
	}
	if result.Impact != orbit.ImpactRestart || len(result.Reasons) != 1 {
		t.Errorf("the plan is %+v, want a restart with one reason", result)
	}
	spec = small("app:\n  title: ${TITLE}\n").InstanceSpec
	result, err = c.Plan(t.Context(), "planned", orbit.PlanRequest{Instance: &spec, SecretNames: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	if !orbit.HasErrors(result.Diagnostics) {
		t.Errorf("the plan of an undefined reference is %+v, want an error", result)
	}
	// The stored secrets are all that the instance's own documents can refer to.
	result, err = c.Plan(t.Context(), "planned", orbit.PlanRequest{Instance: &spec})
	if err != nil {
		t.Fatal(err)
	}
	if !orbit.HasErrors(result.Diagnostics) {
		t.Errorf("the plan of a reference that no stored secret defines is %+v, want an error", result)
	}
	// What an instance lacks may still be coming in the same run; of one that is not there yet nothing is known.
	for workspace, want := range map[string]int{"planned": 1, "planned-new": 0} {
		result, err = c.Plan(t.Context(), workspace, orbit.PlanRequest{Plugin: &orbit.PluginPlan{
			Package: "@acme/plugin-x-backend", PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: "x: ${COMING}\n"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Diagnostics) != want || orbit.HasErrors(result.Diagnostics) {
			t.Errorf("planning a plugin of %s finds %+v, want %d warnings", workspace, result.Diagnostics, want)
		}
	}
	after := instance(t, c, "planned")
	if after.ETag != before.ETag || after.Generation != before.Generation || starts(s, "planned") != started {
		t.Error("a plan changed something")
	}
	remove(t, c, "planned")
}

func TestTheAnswerToAWriteNamesItsRequest(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	change := put(t, c, "traced", title("Traced"))
	if change.RequestID == "" {
		t.Error("the change does not name its request in orbitd's log")
	}
	settle(t, c, change)
	remove(t, c, "traced")
}
