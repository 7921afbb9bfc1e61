package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// urls are where a plan or a state has the instance.
func urls(get func(string) any) []any { return []any{get("base_url"), get("url"), get("api_url")} }

func TestABaseURLSaysAtPlanWhereTheInstanceIs(t *testing.T) {
	t.Parallel()
	instance := coreFor(t, newFakeAPI(t)).instance()
	const portal, other = "https://portal.example.com", "https://other.example.com:8443"
	for _, step := range []struct {
		name    string
		base    any
		planned []any
		impact  any
	}{
		{"a create", portal, []any{portal, portal, portal + "/api"}, "none"},
		{"the same again", portal, []any{portal, portal, portal + "/api"}, "none"},
		{"another one", other, []any{other, other, other + "/api"}, "restart"},
		{"none", nil, []any{nil, unknown, unknown}, "restart"},
		{"none again", nil, []any{nil, "http://acme.localhost:7007", "http://acme.localhost:7007/api"}, "restart"},
		{"one that is not known", unknown, []any{unknown, unknown, unknown}, unknown},
	} {
		p := instance.plan(t, with(acme(), object{"base_url": step.base}))
		must(t, step.name, p.diags)
		if diff := cmp.Diff(step.planned, urls(p.get)); diff != "" || p.get("change_impact") != step.impact {
			t.Errorf("%s: impact %v, and (-want +got):\n%s", step.name, p.get("change_impact"), diff)
		}
		if step.base == unknown {
			return
		}
		must(t, step.name, instance.apply(t, p))
		must(t, step.name, instance.refresh(t))
		if diff := instance.changes(instance.plan(t, with(acme(), object{"base_url": step.base}))); diff != "" {
			t.Errorf("after %s the next plan is not empty:\n%s", step.name, diff)
		}
	}
}

func TestABaseURLThatIsNoneIsOneErrorAtPlan(t *testing.T) {
	t.Parallel()
	p := coreFor(t, newFakeAPI(t)).instance().plan(t, with(acme(), object{"base_url": "https://portal.example.com/"}))
	want(t, p.diags.errors(), `[AttributeName("base_url")]`, "slash at its end")
	if n := len(p.diags.of(tfprotov6.DiagnosticSeverityError)); n != 1 {
		t.Errorf("it is %d errors:\n%s", n, p.diags.errors())
	}
}

func TestAHostThatIsTakenIsAnErrorAtItsAttribute(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	api.change(t, func() {
		api.plan = &orbit.PlanResult{Diagnostics: []orbit.Diagnostic{{
			Code: orbit.CodeHostTaken, Severity: orbit.SeverityError, Path: "base_url", Message: "another instance has the host portal.example.com",
		}}}
	})
	p := coreFor(t, api).instance().plan(t, with(acme(), object{"base_url": "https://portal.example.com"}))
	want(t, p.diags.errors(), `[AttributeName("base_url")]`, "another instance has the host")
}
