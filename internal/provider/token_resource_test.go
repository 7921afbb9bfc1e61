package provider_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func (c *core) token() *resource { return c.resource("orbit_workspace_token") }

func pipeline() object {
	return object{"workspace": "acme", "role": "workspace_admin", "description": "the pipeline's", "lifetime": "720h"}
}

func existingToken(t *testing.T, api *fakeAPI, config object) *resource {
	t.Helper()
	token := coreFor(t, api).token()
	must(t, "create", token.apply(t, token.plan(t, config)))
	return token
}

func TestATokenIsMadeReadAndRevoked(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t) // a token's workspace needs no instance
	token := existingToken(t, api, pipeline())
	if token.get("token_id") != "t1" || token.get("token") != tokenSecret+"t1" {
		t.Errorf("state = %v", decode(token.state))
	}
	created, _ := time.Parse(time.RFC3339, token.get("created_at").(string))
	expires, _ := time.Parse(time.RFC3339, token.get("expires_at").(string))
	if life := expires.Sub(created); life != 720*time.Hour {
		t.Errorf("it lasts %s, want 720h", life)
	}
	if api.sent("POST")[0].Header.Get("Idempotency-Key") == "" {
		t.Error("it was made without an Idempotency-Key")
	}
	before := decode(token.state)
	must(t, "refresh", token.refresh(t))
	if diff := cmp.Diff(before, decode(token.state)); diff != "" {
		t.Errorf("a read moved the state:\n%s", diff)
	}
	if diff := token.changes(token.plan(t, pipeline())); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
	must(t, "destroy", token.apply(t, token.plan(t, nil)))
	if len(api.tokens["acme"]) != 0 {
		t.Error("the token is still there")
	}
}

func TestATokenWithoutLifetimeNeverExpires(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := object{"workspace": "acme", "role": "reader"}
	token := existingToken(t, api, config)
	if token.get("expires_at") != nil || token.get("description") != nil {
		t.Errorf("state = %v", decode(token.state))
	}
	p := token.plan(t, with(config, object{"description": "for reading"}))
	must(t, "plan", p.diags)
	if p.get("expires_at") != nil {
		t.Errorf("expires_at = %v in an update, want null", p.get("expires_at"))
	}
	must(t, "update", token.apply(t, p))
}

func TestRoleAndDescriptionAreChangedInPlace(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := existingToken(t, api, pipeline())
	secret := token.get("token")
	for _, step := range []struct {
		config object
		patch  orbit.TokenPatch
	}{
		{with(pipeline(), object{"role": "reader"}), orbit.TokenPatch{Role: pointer(orbit.RoleReader)}},
		{with(pipeline(), object{"role": "reader", "description": nil}), orbit.TokenPatch{Description: pointer("")}},
		{pipeline(), orbit.TokenPatch{Role: pointer(orbit.RoleWorkspaceAdmin), Description: pointer("the pipeline's")}},
	} {
		p := token.plan(t, step.config)
		must(t, "plan", p.diags)
		if len(p.replace) != 0 {
			t.Errorf("replaced by %v, want by nothing", p.replace)
		}
		must(t, "update", token.apply(t, p))
		if diff := cmp.Diff(step.patch, api.patches[len(api.patches)-1]); diff != "" {
			t.Errorf("patch (-want +got):\n%s", diff)
		}
		must(t, "refresh", token.refresh(t))
		if diff := token.changes(token.plan(t, step.config)); diff != "" || token.get("token") != secret {
			t.Errorf("the next plan is not empty, or the token moved:\n%s", diff)
		}
	}
}

func pointer[T any](value T) *T { return &value }

func TestWhatMakesAnotherToken(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(pipeline(), object{"rotate_when_changed": object{"month": "1"}})
	token := existingToken(t, api, config)
	for name, step := range map[string]struct {
		change   object
		replaces bool
	}{
		"another workspace":      {object{"workspace": "beta"}, true},
		"another lifetime":       {object{"lifetime": "1h"}, true},
		"no lifetime":            {object{"lifetime": nil}, true},
		"other words for it":     {object{"lifetime": "43200m"}, false},
		"another month":          {object{"rotate_when_changed": object{"month": "2"}}, true},
		"one more value":         {object{"rotate_when_changed": object{"month": "1", "key": "2"}}, true},
		"a month that is coming": {object{"rotate_when_changed": object{"month": unknown}}, true},
		"no values":              {object{"rotate_when_changed": nil}, false},
	} {
		p := token.plan(t, with(config, step.change))
		must(t, name, p.diags)
		if (len(p.replace) > 0) != step.replaces {
			t.Errorf("%s: replaced by %v", name, p.replace)
		}
	}
	if diff := token.changes(token.plan(t, with(config, object{"lifetime": "43200m"}))); diff != "" {
		t.Errorf("other words for a lifetime are a change:\n%s", diff)
	}
	must(t, "take the values away", token.apply(t, token.plan(t, pipeline())))
	p := token.plan(t, config)
	if must(t, "plan", p.diags); len(p.replace) != 0 {
		t.Errorf("values for the first time replace: %v", p.replace)
	}
	must(t, "give them again", token.apply(t, p))
	if len(api.patches) != 0 || len(api.tokens["acme"]) != 1 {
		t.Errorf("patches = %v, tokens = %v, want nothing sent", api.patches, api.tokens["acme"])
	}
}

func TestATokenThatIsGoneIsMadeAnewAndTheRefreshSaysWhy(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]struct {
		happens func(*fakeAPI)
		says    []string
	}{
		"revoked": {func(api *fakeAPI) { delete(api.tokens["acme"], "t1") }, []string{
			"Token t1 of acme is gone: It was revoked behind Terraform's back. The next apply makes another one.",
		}},
		"expired": {func(api *fakeAPI) { api.tokens["acme"]["t1"].ExpiresAt = pointer(time.Unix(1, 0)) }, []string{
			"Token t1 of acme has expired", "1970-01-01T00:00:01Z", "rotate_when_changed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newFakeAPI(t)
			token := existingToken(t, api, pipeline())
			api.change(t, func() { step.happens(api) })
			diags := token.read(t)
			must(t, "refresh", diags)
			want(t, diags.warnings(), step.says...)
			if token.exists() {
				t.Fatal("it is still tracked")
			}
			must(t, "create", token.apply(t, token.plan(t, pipeline())))
			if token.get("token_id") != "t2" {
				t.Errorf("token_id = %v, want another one", token.get("token_id"))
			}
		})
	}
}

func TestATokenThatExpiredLongAgoIsNotCalledRevokedAlone(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := existingToken(t, api, pipeline())
	api.change(t, func() { api.tokens["acme"]["t1"].ExpiresAt = pointer(time.Now().Add(-time.Minute)) })
	// The state knows the end as it was; orbitd has forgotten the token since.
	token.state = encode(t, token.typ, with(decode(token.state).(object), object{"expires_at": "2020-01-01T00:00:00Z"}))
	api.change(t, func() { clear(api.tokens["acme"]) })
	want(t, token.read(t).warnings(), "or ended by itself at 2020-01-01T00:00:00Z")
}

func TestATokenThatIsRevokedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := existingToken(t, api, pipeline())
	update, destroy := token.plan(t, with(pipeline(), object{"role": "reader"})), token.plan(t, nil)
	api.change(t, func() { clear(api.tokens["acme"]) })
	want(t, token.apply(t, update).errors(), "Unable to update token t1 of acme", "Plan again")
	must(t, "destroy", token.apply(t, destroy))
}

func TestADriftedRoleIsShown(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := existingToken(t, api, pipeline())
	api.change(t, func() { api.tokens["acme"]["t1"].Role = orbit.RoleReader })
	must(t, "refresh", token.refresh(t))
	p := token.plan(t, pipeline())
	want(t, token.changes(p), "reader", "workspace_admin")
}

func TestATokenIsImportedWithoutItsSecret(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existingToken(t, api, pipeline())
	for name, imported := range map[string]func(*resource) diagnostics{
		"id":       func(r *resource) diagnostics { return r.importAs(t, "acme/t1", nil) },
		"identity": func(r *resource) diagnostics { return r.importAs(t, "", object{"workspace": "acme", "token_id": "t1"}) },
	} {
		token := coreFor(t, api).token()
		must(t, name, imported(token))
		if token.get("token") != nil || token.identity == nil {
			t.Errorf("%s: token = %v, want null", name, token.get("token"))
		}
		if diff := token.changes(token.plan(t, pipeline())); diff != "" {
			t.Errorf("%s: the plan is not empty:\n%s", name, diff)
		}
		// The token stays unknown to Terraform, and no update makes it up.
		must(t, name, token.apply(t, token.plan(t, with(pipeline(), object{"rotate_when_changed": object{"month": "1"}}))))
	}
	missing := coreFor(t, api).token()
	if diags := missing.importAs(t, "acme/t9", nil); len(diags) != 0 || missing.exists() {
		t.Errorf("exists = %v, %v", missing.exists(), diags)
	}
	for id, says := range map[string]string{"acme": "by its id", "acme/a/b": "workspace/id", "ACME/t1": "not a DNS label"} {
		want(t, coreFor(t, api).token().importAs(t, id, nil).errors(), "Invalid import id", says)
	}
}

func TestAWrongTokenIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	for _, wrong := range []struct {
		change object
		says   string
	}{
		{object{"role": "admin"}, `AttributeName("role")`},
		{object{"workspace": "a/b"}, "not a DNS label"},
		{object{"lifetime": "30d"}, "is no duration"},
		{object{"lifetime": "100ms"}, "shorter than a second"},
		{object{"lifetime": "-1h"}, "shorter than a second"},
		{object{"lifetime": "1500ms"}, "not of whole seconds"},
		{object{"lifetime": "90000h"}, "longer than 87600h"},
		{object{"description": strings.Repeat("ü", 201)}, `AttributeName("description")`},
	} {
		want(t, coreFor(t, api).token().plan(t, with(pipeline(), wrong.change)).diags.errors(), wrong.says)
	}
	p := coreFor(t, api).token().plan(t, object{
		"workspace": unknown, "role": unknown, "lifetime": unknown, "description": unknown, "rotate_when_changed": unknown,
	})
	must(t, "plan with unknown values", p.diags)
}

func TestAnInterruptionDoesNotLoseAToken(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := coreFor(t, api).token()
	p := token.plan(t, pipeline())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, token.applyWith(ctx, t, p).errors(), "Unable to create the token of acme", "The run was interrupted.")
	if len(api.tokens["acme"]) != 0 {
		t.Error("a token was made that nobody knows")
	}
}

func TestAWorkspaceTokenIsInTheStateAlone(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	token := coreFor(t, api).token()
	p := token.plan(t, pipeline())
	diags := slices.Concat(p.diags, token.apply(t, p), token.read(t))
	for what, text := range map[string]string{
		"plan": p.value.String(), "private": string(token.private), "diagnostics": diags.warnings() + diags.errors(),
		"identity": string(token.identity.IdentityData.MsgPack),
	} {
		if strings.Contains(text, tokenSecret) {
			t.Errorf("the %s has the token in it", what)
		}
	}
	for _, attribute := range token.schema.Block.Attributes {
		if attribute.Sensitive != (attribute.Name == "token") {
			t.Errorf("%s: sensitive is %v", attribute.Name, attribute.Sensitive)
		}
	}
}
