package provider_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const backstageToken = "orbit_backstage_token"

// openedToken is an ephemeral token as Terraform has it.
type openedToken struct {
	object
	core    *core
	private []byte
	renewAt time.Time
	diags   diagnostics
}

func (c *core) openToken(t *testing.T, config object) *openedToken {
	t.Helper()
	typ := c.schema.EphemeralResourceSchemas[backstageToken].ValueType()
	value := dynamic(t, typ, encode(t, typ, config))
	validated, err := c.server.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: backstageToken, Config: value,
	})
	if err != nil {
		t.Fatal(err)
	}
	if diags := diagnostics(validated.Diagnostics); diags.hasErrors() {
		return &openedToken{diags: diags}
	}
	answer, err := c.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: backstageToken, Config: value,
	})
	if err != nil {
		t.Fatal(err)
	}
	token := &openedToken{core: c, private: answer.Private, renewAt: answer.RenewAt, diags: answer.Diagnostics}
	if !token.diags.hasErrors() {
		token.object = decode(undynamic(t, typ, answer.Result)).(object)
	}
	return token
}

func (o *openedToken) renew(t *testing.T) diagnostics {
	t.Helper()
	answer, err := o.core.server.RenewEphemeralResource(t.Context(), &tfprotov6.RenewEphemeralResourceRequest{
		TypeName: backstageToken, Private: o.private,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.private, o.renewAt = answer.Private, answer.RenewAt
	return answer.Diagnostics
}

func (o *openedToken) close(t *testing.T) diagnostics {
	t.Helper()
	answer, err := o.core.server.CloseEphemeralResource(t.Context(), &tfprotov6.CloseEphemeralResourceRequest{
		TypeName: backstageToken, Private: o.private,
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Diagnostics
}

// wantIn fails unless the moment is that far from now, give or take some seconds.
func wantIn(t *testing.T, what string, at time.Time, wait time.Duration) {
	t.Helper()
	if off := time.Until(at) - wait; math.Abs(off.Seconds()) > 10 {
		t.Errorf("%s is in %s, want in %s", what, time.Until(at).Round(time.Second), wait)
	}
}

func TestABackstageTokenIsOpenedRenewedAndRevoked(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	token := coreFor(t, api).openToken(t, object{"workspace": "acme", "lifetime": "30m"})
	must(t, "open", token.diags)
	if token.object["token"] != tokenSecret+"a1" || token.object["api_url"] != "http://acme.localhost:7007/api" {
		t.Errorf("opened %v", token.object)
	}
	wantIn(t, "the renewal", token.renewAt, 20*time.Minute)
	expires, err := time.Parse(time.RFC3339, token.object["expires_at"].(string))
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, "the end", expires, 30*time.Minute)

	must(t, "renew", token.renew(t))
	wantIn(t, "the next renewal", token.renewAt, 20*time.Minute)
	if len(api.accessWrites) != 2 || api.accessWrites[1].LifetimeSeconds != 1800 {
		t.Errorf("writes = %v, want the lifetime in both", api.accessWrites)
	}
	if strings.Contains(string(token.private), tokenSecret) {
		t.Error("the private data has the token in it")
	}
	if diags := token.close(t); len(diags) != 0 || len(api.access) != 0 {
		t.Errorf("diagnostics = %v, tokens = %v, want it revoked", diags, api.access)
	}
	if diags := token.close(t); len(diags) != 0 {
		t.Errorf("revoking it twice: %v", diags)
	}
}

func TestABackstageTokenIsNotRenewedBeyondItsEnd(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.renewableFor = time.Minute
	token := coreFor(t, api).openToken(t, object{"workspace": "acme"})
	must(t, "open", token.diags)
	if !token.renewAt.IsZero() {
		t.Errorf("it is to be renewed at %s, though no renewal makes it longer", token.renewAt)
	}
}

func TestABackstageTokenWaitsForItsInstance(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.starting, api.provisioning = 1+orbit.DefaultRetryMax, 1
	must(t, "open", coreFor(t, api).openToken(t, object{"workspace": "acme"}).diags)
	if api.starting != 0 || api.provisioning != 0 {
		t.Error("it was made before the instance served")
	}
}

func TestABackstageTokenOfAnInstanceThatDoesNotServeSaysWhy(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.instances["acme"].Status = orbit.InstanceStatus{Phase: orbit.PhaseFailed, Conditions: []orbit.Condition{
		{Type: orbit.ConditionReady, Status: "False", Message: "it ended by itself 5 times"},
	}}
	token := coreFor(t, api).openToken(t, object{"workspace": "acme", "timeouts": object{"open": "50ms"}})
	want(t, token.diags.errors(), "Unable to open the token for the instance of acme", "it is Failed (it ended by itself 5 times)", "timeouts.open")
	api.change(t, func() { api.instances["acme"].Status.Phase = orbit.PhaseDeleting })
	want(t, coreFor(t, api).openToken(t, object{"workspace": "acme"}).diags.errors(), "it is Deleting")
	if len(api.access) != 0 {
		t.Error("a token was made")
	}
}

func TestABackstageTokenOfAWorkspaceWithoutInstanceSaysHowToWaitForIt(t *testing.T) {
	t.Parallel()
	token := coreFor(t, newFakeAPI(t)).openToken(t, object{"workspace": "acme"})
	want(t, token.diags.errors(), `[AttributeName("workspace")]`, "Workspace acme has no instance", "api_url = orbit_backstage_instance.NAME.api_url")
}

func TestABackstageTokenForAnotherAPIIsNotHandedOut(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	core := coreFor(t, api)
	must(t, "open", core.openToken(t, object{"workspace": "acme", "api_url": "http://acme.localhost:7007/api"}).diags)
	token := core.openToken(t, object{"workspace": "acme", "api_url": "http://beta.localhost:7007/api"})
	want(t, token.diags.errors(), `[AttributeName("api_url")]`, "for http://acme.localhost:7007/api, not for http://beta.localhost:7007/api")
	if len(api.access) != 1 || strings.Contains(token.diags.errors(), tokenSecret) {
		t.Errorf("tokens = %v, want the wrong one revoked", api.access)
	}
}

func TestABackstageTokenThatEndedCannotBeRenewed(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	token := coreFor(t, api).openToken(t, object{"workspace": "acme"})
	api.change(t, func() { clear(api.access) })
	want(t, token.renew(t).errors(), "Unable to renew the token for the instance of acme", "It has ended", "Run Terraform again")
}

func TestABackstageTokenThatCannotBeRevokedFailsNoRun(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	token := coreFor(t, api).openToken(t, object{"workspace": "acme"})
	api.change(t, func() { api.unrevokable = true })
	diags := token.close(t)
	must(t, "close", diags)
	want(t, diags.warnings(), "Unable to revoke the token for the instance of acme", "It ends by itself at ")
}

func TestAWrongBackstageTokenIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	core := coreFor(t, catalogAPI(t))
	for config, says := range map[*object]string{
		{"workspace": "Acme"}:                                   "not a DNS label",
		{"workspace": "acme", "lifetime": "2h"}:                 "longer than 1h",
		{"workspace": "acme", "lifetime": "soon"}:               "is no duration",
		{"workspace": "acme", "timeouts": object{"open": "0s"}}: "in which nothing can be done",
	} {
		want(t, core.openToken(t, *config).diags.errors(), says)
	}
}

func TestABackstageTokenIsDeferredWithAnUnknownConfiguration(t *testing.T) {
	t.Parallel()
	core := newCore(t, nil)
	provider := core.schema.Provider.ValueType()
	_, err := core.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             dynamic(t, provider, encode(t, provider, object{"endpoint": unknown})),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	typ := core.schema.EphemeralResourceSchemas[backstageToken].ValueType()
	answer, err := core.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: backstageToken, Config: dynamic(t, typ, encode(t, typ, object{"workspace": "acme"})),
		ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Deferred == nil || answer.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("deferred = %v, want provider_config_unknown", answer.Deferred)
	}
	// A Terraform that cannot defer is told what is wrong.
	without := newCore(t, object{"endpoint": unknown}).openToken(t, object{"workspace": "acme"})
	want(t, without.diags.errors(), "Unable to open the token", "known only after apply")
}

func TestTheBackstageTokenIsSensitive(t *testing.T) {
	t.Parallel()
	for _, attribute := range newCore(t, nil).schema.EphemeralResourceSchemas[backstageToken].Block.Attributes {
		if attribute.Sensitive != (attribute.Name == "token") {
			t.Errorf("%s: sensitive is %v", attribute.Name, attribute.Sensitive)
		}
		if attribute.Description == "" {
			t.Errorf("%s has no description", attribute.Name)
		}
	}
}
