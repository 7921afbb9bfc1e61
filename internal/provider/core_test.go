package provider_test

import (
	"context"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

// unknown stands for a value that is known only after apply.
const unknown = "(known after apply)"

type object = map[string]any

// core is as much of Terraform as these tests need. It speaks the plugin protocol and rejects what Terraform rejects: a
// plan that differs between plan and apply, and a result that differs from the plan.
type core struct {
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

func newCore(t *testing.T, config object) *core {
	t.Helper()
	c := &core{server: providerserver.NewProtocol6(provider.New("test")())()}
	var err error
	if c.schema, err = c.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	must(t, "schema", c.schema.Diagnostics)
	typ := c.schema.Provider.ValueType()
	configured, err := c.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: dynamic(t, typ, encode(t, typ, config)),
	})
	if err != nil {
		t.Fatal(err)
	}
	must(t, "configure", configured.Diagnostics)
	return c
}

// coreFor is a core whose provider reaches the API.
func coreFor(t *testing.T, api *fakeAPI) *core {
	t.Helper()
	return newCore(t, object{"endpoint": api.URL, "token": fakeToken})
}

// resource is one resource as core tracks it.
type resource struct {
	core     *core
	typeName string
	typ      tftypes.Type
	schema   *tfprotov6.Schema

	state    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
}

func (c *core) resource(typeName string) *resource {
	schema := c.schema.ResourceSchemas[typeName]
	typ := schema.ValueType()
	return &resource{core: c, typeName: typeName, typ: typ, schema: schema, state: tftypes.NewValue(typ, nil)}
}

func (c *core) instance() *resource { return c.resource("orbit_backstage_instance") }
func (c *core) plugin() *resource   { return c.resource("orbit_backstage_plugin") }

// planned is a plan for one resource.
type planned struct {
	config, value tftypes.Value
	private       []byte
	identity      *tfprotov6.ResourceIdentityData
	replace       []*tftypes.AttributePath
	diags         diagnostics
}

func (p planned) get(attribute string) any { return decode(p.value).(object)[attribute] }

// plan validates and plans; a nil config plans the deletion.
func (r *resource) plan(t *testing.T, config object) planned {
	t.Helper()
	p := planned{config: tftypes.NewValue(r.typ, nil)}
	if config != nil {
		p.config = encode(t, r.typ, config)
		validated, err := r.core.server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: r.typeName, Config: dynamic(t, r.typ, p.config),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		if p.diags = validated.Diagnostics; p.diags.hasErrors() {
			return p
		}
	}
	answer, err := r.core.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.typeName, PriorState: dynamic(t, r.typ, r.state), Config: dynamic(t, r.typ, p.config),
		ProposedNewState: dynamic(t, r.typ, r.proposed(p.config)), PriorPrivate: r.private, PriorIdentity: r.identity,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.diags = append(p.diags, answer.Diagnostics...)
	if p.diags.hasErrors() {
		return p
	}
	p.value, p.private, p.identity, p.replace = undynamic(t, r.typ, answer.PlannedState), answer.PlannedPrivate,
		answer.PlannedIdentity, answer.RequiresReplace
	return p
}

// proposed merges configuration and state as Terraform does for schemas whose nested computed attributes are in maps.
func (r *resource) proposed(config tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return config
	}
	var configured, prior map[string]tftypes.Value
	_ = config.As(&configured)
	_ = r.state.As(&prior)
	proposed := map[string]tftypes.Value{}
	for _, attribute := range r.schema.Block.Attributes {
		value := configured[attribute.Name]
		if attribute.WriteOnly {
			value = tftypes.NewValue(value.Type(), nil)
		} else if kept, ok := prior[attribute.Name]; ok && value.IsNull() && attribute.Computed {
			value = kept
		} else if ok && attribute.NestedType != nil && !attribute.Computed {
			value = proposedEntries(attribute.NestedType, value, kept)
		}
		proposed[attribute.Name] = value
	}
	return tftypes.NewValue(r.typ, proposed)
}

// proposedEntries merges a map of objects: what an entry does not configure and the schema computes stays as it was.
func proposedEntries(nested *tfprotov6.SchemaObject, configured, prior tftypes.Value) tftypes.Value {
	var entries, before map[string]tftypes.Value
	if nested.Nesting != tfprotov6.SchemaObjectNestingModeMap || configured.IsNull() || !configured.IsKnown() || configured.As(&entries) != nil || prior.As(&before) != nil {
		return configured
	}
	entries = maps.Clone(entries)
	for key, entry := range entries {
		var fields, kept map[string]tftypes.Value
		if old, ok := before[key]; !ok || entry.IsNull() || !entry.IsKnown() || entry.As(&fields) != nil || old.As(&kept) != nil {
			continue
		}
		fields = maps.Clone(fields)
		for _, attribute := range nested.Attributes {
			if attribute.Computed && fields[attribute.Name].IsNull() {
				fields[attribute.Name] = kept[attribute.Name]
			}
		}
		entries[key] = tftypes.NewValue(entry.Type(), fields)
	}
	return tftypes.NewValue(configured.Type(), entries)
}

// apply plans again, as Terraform does at apply in a new process, and carries the plan out.
func (r *resource) apply(t *testing.T, p planned) diagnostics {
	t.Helper()
	return r.applyWith(t.Context(), t, p)
}

func (r *resource) applyWith(ctx context.Context, t *testing.T, p planned) diagnostics {
	t.Helper()
	must(t, "plan", p.diags)
	if !p.config.IsNull() {
		again := r.plan(t, decode(p.config).(object))
		must(t, "plan again", again.diags)
		if difference := moved(decode(p.value), decode(again.value)); difference != "" {
			t.Fatalf("Provider produced inconsistent final plan:\n%s", difference)
		}
		p.value, p.private = again.value, again.private
	}
	answer, err := r.core.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.typeName, PriorState: dynamic(t, r.typ, r.state), PlannedState: dynamic(t, r.typ, p.value),
		Config: dynamic(t, r.typ, p.config), PlannedPrivate: p.private, PlannedIdentity: p.identity,
	})
	if err != nil {
		t.Fatal(err)
	}
	diags := diagnostics(answer.Diagnostics)
	creating := r.state.IsNull()
	r.state, r.private, r.identity = undynamic(t, r.typ, answer.NewState), answer.Private, answer.NewIdentity
	r.tainted = creating && diags.hasErrors() && !r.state.IsNull()
	if diags.hasErrors() {
		return diags
	}
	if difference := moved(decode(p.value), decode(r.state)); difference != "" {
		t.Fatalf("Provider produced inconsistent result after apply:\n%s", difference)
	}
	if !r.state.IsFullyKnown() {
		t.Fatalf("Provider returned unknown values after apply: %v", decode(r.state))
	}
	if !p.config.IsNull() && r.identity == nil {
		t.Fatal("Provider returned no identity after apply")
	}
	return diags
}

// refresh reads the resource again, with the identity that Terraform from 1.12 on keeps, and without as those before.
func (r *resource) refresh(t *testing.T) diagnostics {
	t.Helper()
	without := *r
	without.identity = nil
	if diags := without.read(t); diags.hasErrors() {
		return diags
	}
	return r.read(t)
}

func (r *resource) read(t *testing.T) diagnostics {
	t.Helper()
	answer, err := r.core.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.typeName, CurrentState: dynamic(t, r.typ, r.state), Private: r.private, CurrentIdentity: r.identity,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !diagnostics(answer.Diagnostics).hasErrors() {
		r.state, r.private, r.identity = undynamic(t, r.typ, answer.NewState), answer.Private, answer.NewIdentity
	}
	return answer.Diagnostics
}

// importAs imports by id, or by identity where the id is empty, and reads.
func (r *resource) importAs(t *testing.T, id string, identity object) diagnostics {
	t.Helper()
	request := &tfprotov6.ImportResourceStateRequest{TypeName: r.typeName, ID: id}
	if identity != nil {
		schemas, err := r.core.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
		if err != nil {
			t.Fatal(err)
		}
		typ := schemas.IdentitySchemas[r.typeName].ValueType()
		request.Identity = &tfprotov6.ResourceIdentityData{IdentityData: dynamic(t, typ, encode(t, typ, identity))}
	}
	answer, err := r.core.server.ImportResourceState(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if diags := diagnostics(answer.Diagnostics); diags.hasErrors() {
		return diags
	}
	imported := answer.ImportedResources[0]
	r.state, r.private, r.identity = undynamic(t, r.typ, imported.State), imported.Private, imported.Identity
	return r.refresh(t)
}

// exists says whether Terraform tracks the resource.
func (r *resource) exists() bool { return !r.state.IsNull() }

func (r *resource) get(attribute string) any { return decode(r.state).(object)[attribute] }

// changes says whether the plan would do anything.
func (r *resource) changes(p planned) string { return cmp.Diff(decode(r.state), decode(p.value)) }

// diagnostics are what the provider says about one call.
type diagnostics []*tfprotov6.Diagnostic

func (d diagnostics) hasErrors() bool { return len(d.of(tfprotov6.DiagnosticSeverityError)) > 0 }
func (d diagnostics) errors() string  { return d.text(tfprotov6.DiagnosticSeverityError) }
func (d diagnostics) warnings() string {
	return d.text(tfprotov6.DiagnosticSeverityWarning)
}

func (d diagnostics) of(severity tfprotov6.DiagnosticSeverity) []*tfprotov6.Diagnostic {
	var found []*tfprotov6.Diagnostic
	for _, diagnostic := range d {
		if diagnostic.Severity == severity {
			found = append(found, diagnostic)
		}
	}
	return found
}

func (d diagnostics) text(severity tfprotov6.DiagnosticSeverity) string {
	var lines []string
	for _, diagnostic := range d.of(severity) {
		line := diagnostic.Summary + ": " + diagnostic.Detail
		if diagnostic.Attribute != nil {
			line = "[" + diagnostic.Attribute.String() + "] " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func must(t *testing.T, what string, diags diagnostics) {
	t.Helper()
	if diags.hasErrors() {
		t.Fatalf("%s: %s", what, diags.errors())
	}
}

// want fails unless the text has all of the parts.
func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

// moved says where a later value differs from what an earlier one knew.
func moved(earlier, later any) string {
	if earlier == unknown {
		return ""
	}
	known, isObject := earlier.(object)
	if other, both := later.(object); isObject && both && len(known) == len(other) {
		var all []string
		for key, value := range known {
			if difference := moved(value, other[key]); difference != "" {
				all = append(all, key+": "+difference)
			}
		}
		return strings.Join(all, "\n")
	}
	return cmp.Diff(earlier, later)
}

func dynamic(t *testing.T, typ tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(typ, value)
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

func undynamic(t *testing.T, typ tftypes.Type, value *tfprotov6.DynamicValue) tftypes.Value {
	t.Helper()
	decoded, err := value.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// encode makes a value of a type from Go's own; attributes that are left out are null.
func encode(t *testing.T, typ tftypes.Type, value any) tftypes.Value {
	t.Helper()
	if value == nil {
		return tftypes.NewValue(typ, nil)
	}
	if value == unknown {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	switch typ := typ.(type) {
	case tftypes.Object:
		fields := map[string]tftypes.Value{}
		for name, field := range typ.AttributeTypes {
			fields[name] = encode(t, field, value.(object)[name])
		}
		return tftypes.NewValue(typ, fields)
	case tftypes.Map:
		entries := map[string]tftypes.Value{}
		for key, entry := range value.(object) {
			entries[key] = encode(t, typ.ElementType, entry)
		}
		return tftypes.NewValue(typ, entries)
	case tftypes.List:
		items := []tftypes.Value{}
		for _, item := range value.([]any) {
			items = append(items, encode(t, typ.ElementType, item))
		}
		return tftypes.NewValue(typ, items)
	default:
		return tftypes.NewValue(typ, value)
	}
}

// decode is the opposite of encode.
func decode(value tftypes.Value) any {
	if !value.IsKnown() {
		return unknown
	}
	if value.IsNull() {
		return nil
	}
	switch typ := value.Type(); {
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		var fields map[string]tftypes.Value
		_ = value.As(&fields)
		decoded := object{}
		for name, field := range fields {
			decoded[name] = decode(field)
		}
		return decoded
	case typ.Is(tftypes.List{}):
		var items []tftypes.Value
		_ = value.As(&items)
		decoded := []any{}
		for _, item := range items {
			decoded = append(decoded, decode(item))
		}
		return decoded
	case typ.Is(tftypes.Number):
		var number big.Float
		_ = value.As(&number)
		integer, _ := number.Int64()
		return int(integer)
	case typ.Is(tftypes.Bool):
		var truth bool
		_ = value.As(&truth)
		return truth
	default:
		var text string
		_ = value.As(&text)
		return text
	}
}
