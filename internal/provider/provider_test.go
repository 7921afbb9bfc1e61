package provider_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// These tests set variables of the environment, so they do not run beside others.

func TestTheEnvironmentStandsInForTheProviderBlock(t *testing.T) {
	api := newFakeAPI(t)
	t.Setenv("ORBIT_ENDPOINT", api.URL)
	t.Setenv("ORBIT_TOKEN", fakeToken)
	p := newCore(t, nil).instance().plan(t, acme())
	must(t, "plan", p.diags)
	if len(api.sent("POST")) != 1 {
		t.Errorf("orbitd was asked %d times, want once: %s", len(api.sent("POST")), p.diags.warnings())
	}
}

func TestATokenFileIsReadWhenItIsNeeded(t *testing.T) {
	api := newFakeAPI(t)
	file := filepath.Join(t.TempDir(), "token")
	t.Setenv("ORBIT_TOKEN", "the token of the block goes before this one")
	core := newCore(t, object{"endpoint": api.URL, "token_file": file})
	want(t, core.instance().plan(t, acme()).diags.errors(), file)
	if err := os.WriteFile(file, []byte(fakeToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := core.instance().plan(t, acme())
	must(t, "plan", p.diags)
	if p.diags.warnings() != "" {
		t.Errorf("warnings: %s", p.diags.warnings())
	}
}

func TestTheEnvironmentsTokensAreCalledByTheirVariables(t *testing.T) {
	api := newFakeAPI(t)
	t.Setenv("ORBIT_TOKEN", "wrong-value")
	refused := newCore(t, object{"endpoint": api.URL}).instance().plan(t, acme()).diags.errors()
	want(t, refused, "does not accept the token from ORBIT_TOKEN.")
	if strings.Contains(refused, "wrong-value") {
		t.Errorf("%q shows the token", refused)
	}
	t.Setenv("ORBIT_TOKEN", "")
	file := filepath.Join(t.TempDir(), "token")
	t.Setenv("ORBIT_TOKEN_FILE", file)
	core := newCore(t, object{"endpoint": api.URL})
	want(t, core.instance().plan(t, acme()).diags.errors(), "file that ORBIT_TOKEN_FILE names", file, "name the file token of")
	for content, says := range map[string]string{"wrong-value": "from ORBIT_TOKEN_FILE (" + file + ").", "\n": "is empty"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, core.instance().plan(t, acme()).diags.errors(), says)
	}
}

func TestAMissingTokenSaysWhereToPutOne(t *testing.T) {
	api := newFakeAPI(t)
	t.Setenv("ORBIT_TOKEN", "")
	t.Setenv("ORBIT_TOKEN_FILE", "")
	p := newCore(t, object{"endpoint": api.URL}).instance().plan(t, acme())
	want(t, p.diags.errors(), "token_file", "ORBIT_TOKEN")
}

func TestTheUserAgentCarriesWhatTerraformAppends(t *testing.T) {
	t.Setenv("TF_APPEND_USER_AGENT", "pipeline/7")
	api := newFakeAPI(t)
	existing(t, api, acme())
	agent := api.sent("PUT")[0].Header.Get("User-Agent")
	want(t, agent, "terraform-provider-orbit/test", "Terraform/1.11.4", "pipeline/7")
}

func TestAnEndpointThatIsNoURLIsRefusedWhenTheProviderIsConfigured(t *testing.T) {
	t.Parallel()
	diags := configure(t, object{"endpoint": "localhost:7070"}, nil).Diagnostics
	want(t, diagnostics(diags).errors(), `[AttributeName("endpoint")]`, "http://127.0.0.1:7070")
}

func TestAnUnknownConfigurationIsDeferredWhereTerraformCan(t *testing.T) {
	t.Parallel()
	core := newCore(t, nil)
	typ := core.schema.Provider.ValueType()
	unknownEndpoint := dynamic(t, typ, encode(t, typ, object{"endpoint": unknown}))
	_, err := core.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: unknownEndpoint, ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	instance := core.instance()
	config := encode(t, instance.typ, acme())
	answer, err := core.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: instance.typeName, PriorState: dynamic(t, instance.typ, instance.state), Config: dynamic(t, instance.typ, config),
		ProposedNewState:   dynamic(t, instance.typ, instance.proposed(config)),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Deferred == nil || answer.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("deferred = %v, want provider_config_unknown", answer.Deferred)
	}
}

func TestConfiguringAsksNobody(t *testing.T) {
	t.Parallel()
	must(t, "configure", configure(t, object{"endpoint": "http://127.0.0.1:1", "token_file": "/nowhere"}, nil).Diagnostics)
}

func configure(t *testing.T, config object, capabilities *tfprotov6.ConfigureProviderClientCapabilities) *tfprotov6.ConfigureProviderResponse {
	t.Helper()
	server := providerserver.NewProtocol6(provider.New("test")())()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typ := schema.Provider.ValueType()
	answer, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: dynamic(t, typ, encode(t, typ, config)), ClientCapabilities: capabilities,
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestTheSchemaIsSound(t *testing.T) {
	t.Parallel()
	core := newCore(t, nil)
	for name, schema := range core.schema.ResourceSchemas {
		for _, attribute := range schema.Block.Attributes {
			if attribute.Description == "" {
				t.Errorf("%s.%s has no description", name, attribute.Name)
			}
		}
	}
	for _, attribute := range core.schema.Provider.Block.Attributes {
		if attribute.Name == "token" && !attribute.Sensitive {
			t.Error("the token is not sensitive")
		}
	}
	identities, err := core.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(identities.IdentitySchemas) != len(core.schema.ResourceSchemas) {
		t.Errorf("%d of %d resources have an identity", len(identities.IdentitySchemas), len(core.schema.ResourceSchemas))
	}
}

func TestTheDefaultReleaseIsOneThatOrbitdCarries(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("..", "..", "backstage", "releases", provider.DefaultRelease, "package.json")); err != nil {
		t.Error(err)
	}
}

func TestTheDataSourceTellsStatusAndAllPlugins(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	existing(t, api, with(acme(), object{"secrets_wo": object{"TOKEN": "s3cret"}, "secrets_wo_version": 1}))
	existingPlugin(t, api, argoCD())
	api.instances["acme"].RestartPolicy = orbit.RestartManual
	api.instances["acme"].Status.PendingRestart = true
	api.instances["acme"].Status.PendingReasons = []orbit.Reason{{Path: "memory_limit_mib", Impact: orbit.ImpactRestart, Because: "it changed"}}
	model, diags := readInstance(t, coreFor(t, api), "acme")
	must(t, "read", diags)
	status := model["status"].(object)
	conditions := status["conditions"].([]any)
	got := object{
		"phase": status["phase"], "pid": status["pid"], "condition": conditions[0].(object)["type"],
		"owner": model["plugins"].(object)[argoCDPackage].(object)["owner"], "names": model["secret_names"], "url": model["url"],
		"policy": model["restart_policy"], "pending": status["pending_restart"], "reasons": status["pending_reasons"],
	}
	expected := object{
		"phase": "Ready", "pid": 42, "condition": "Ready", "owner": "plugin", "names": []any{"TOKEN"},
		"url": "http://acme.localhost:7007", "policy": "manual", "pending": true,
		"reasons": []any{object{"path": "memory_limit_mib", "impact": "restart", "because": "it changed"}},
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("data source (-want +got):\n%s", diff)
	}
	_, diags = readInstance(t, coreFor(t, api), "missing")
	want(t, diags.errors(), "Unable to read instance missing: Workspace missing has no instance.")
}

func readInstance(t *testing.T, core *core, workspace string) (object, diagnostics) {
	t.Helper()
	const name = "orbit_backstage_instance"
	typ := core.schema.DataSourceSchemas[name].ValueType()
	answer, err := core.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: name, Config: dynamic(t, typ, encode(t, typ, object{"workspace": workspace})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diagnostics(answer.Diagnostics).hasErrors() {
		return nil, answer.Diagnostics
	}
	return decode(undynamic(t, typ, answer.State)).(object), answer.Diagnostics
}

func TestNoSecretReachesPlanStateOrDiagnostics(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"secrets_wo": object{"TOKEN": "s3cret-value"}, "secrets_wo_version": 1})
	instance := coreFor(t, api).instance()
	p := instance.plan(t, config)
	diags := instance.apply(t, p)
	must(t, "refresh", instance.refresh(t))
	for what, text := range map[string]string{
		"plan": p.value.String(), "state": instance.state.String(), "private": string(instance.private),
		"diagnostics": p.diags.warnings() + diags.warnings(),
	} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("the %s has the secret in it", what)
		}
	}
	if sent := api.sent(http.MethodPost); len(sent) == 0 || sent[0].Plan.Instance == nil || sent[0].Plan.Instance.Plugins != nil {
		t.Errorf("plan requests = %+v", sent)
	}
}
