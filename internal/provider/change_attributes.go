package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// changeModel is the part of a resource that tells what its last planned change costs.
type changeModel struct {
	ChangeImpact    types.String `tfsdk:"change_impact"`
	ChangeReasons   types.List   `tfsdk:"change_reasons"`
	RestartRevision types.Int64  `tfsdk:"restart_revision"`
}

type reasonModel struct {
	Path    types.String `tfsdk:"path"`
	Impact  types.String `tfsdk:"impact"`
	Because types.String `tfsdk:"because"`
}

var reasonType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"path": types.StringType, "impact": types.StringType, "because": types.StringType,
}}

func newReasonModels(reasons []orbit.Reason) []reasonModel {
	models := make([]reasonModel, 0, len(reasons))
	for _, reason := range reasons {
		models = append(models, reasonModel{
			Path:    types.StringValue(reason.Path),
			Impact:  types.StringValue(string(reason.Impact)),
			Because: types.StringValue(reason.Because),
		})
	}
	return models
}

// addChangeAttributes adds the attributes of changeModel to a resource's schema.
func addChangeAttributes(attributes map[string]schema.Attribute) {
	attributes["change_impact"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "What the last planned change costs: `none`, `live` (the running process takes it in), " +
			"`restart` or `upgrade`. A plan without changes leaves it as it is.",
	}
	attributes["change_reasons"] = schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Why the last planned change costs that, one entry for each path.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Where the change is: a path of the app-config, or an attribute.",
			},
			"impact": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "What this part alone would cost.",
			},
			"because": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Why, in words. Never a value of the document.",
			},
		}},
	}
	attributes["restart_revision"] = schema.Int64Attribute{
		Computed: true,
		MarkdownDescription: "Counts the restarts and upgrades that changes of this resource brought about, so not those " +
			"that `restart_policy` stored. It is unknown in a plan exactly when the plan may restart the instance.",
	}
}

// unknownChange is planned where what the change costs depends on values that are known only after apply.
func unknownChange() changeModel {
	return changeModel{
		ChangeImpact:    types.StringUnknown(),
		ChangeReasons:   types.ListUnknown(reasonType),
		RestartRevision: types.Int64Unknown(),
	}
}

// noChange is what an imported resource starts with.
func noChange() changeModel {
	return changeModel{
		ChangeImpact:    types.StringValue(string(orbit.ImpactNone)),
		ChangeReasons:   types.ListValueMust(reasonType, []attr.Value{}),
		RestartRevision: types.Int64Value(0),
	}
}

// plannedChange is what a decision looks like in a plan that rolls it out. Prior is what the state has; it is ignored at
// create.
func plannedChange(ctx context.Context, prior changeModel, decision changeplan.Decision, diags *diag.Diagnostics) changeModel {
	list, problems := types.ListValueFrom(ctx, reasonType, newReasonModels(decision.Reasons))
	diags.Append(problems...)
	planned := changeModel{
		ChangeImpact:    types.StringValue(string(decision.Impact)),
		ChangeReasons:   list,
		RestartRevision: types.Int64Value(prior.RestartRevision.ValueInt64()),
	}
	if decision.Impact.Interrupts() {
		planned.RestartRevision = types.Int64Unknown()
	}
	return planned
}

// leaveOpen makes unknown what a change costs that costs nothing as far as it is known, as long as one of the values that
// reach no process is not: it may turn out to be what it was, and then nothing is changed and the state keeps what it says
// of the change before.
func (m *changeModel) leaveOpen(ctx context.Context, decision changeplan.Decision, harmless ...attr.Value) {
	if len(decision.Reasons) > 0 {
		return
	}
	for _, value := range harmless {
		if raw, err := value.ToTerraformValue(ctx); err == nil && !raw.IsFullyKnown() {
			m.ChangeImpact, m.ChangeReasons = types.StringUnknown(), types.ListUnknown(reasonType)
			return
		}
	}
}

// settle makes a planned change known after it was applied: what orbitd says is a restart counts one up from what the
// state had, unless it was stored for later. Change is the accepted one where nobody waited for its fate.
func (m changeModel) settle(prior changeModel, change *orbit.Change) changeModel {
	if m.ChangeImpact.IsUnknown() || m.ChangeImpact.IsNull() {
		m.ChangeImpact = noChange().ChangeImpact
	}
	if m.ChangeReasons.IsUnknown() || m.ChangeReasons.IsNull() {
		m.ChangeReasons = noChange().ChangeReasons
	}
	revision := prior.RestartRevision.ValueInt64()
	switch restarted := change.Impact.Interrupts() && !change.PendingRestart; {
	case m.RestartRevision.IsUnknown() && restarted:
		m.RestartRevision = types.Int64Value(revision + 1)
	case m.RestartRevision.IsUnknown(), m.RestartRevision.IsNull():
		m.RestartRevision = types.Int64Value(revision)
	}
	return m
}

// maxImpact is the bound that a write carries: what its plan said, or none where the plan could not know.
func (m changeModel) maxImpact() orbit.Impact { return orbit.Impact(m.ChangeImpact.ValueString()) }
