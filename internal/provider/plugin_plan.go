package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// ModifyPlan decides what the planned change costs and asks orbitd what it thinks.
func (r *pluginResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan, config pluginModel
	creating, deleting := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
	if req.Plan.Raw.Equal(req.State.Raw) {
		return // most plugins of most plans
	}
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !deleting {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
		resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if replacing := !creating && !deleting && !(plan.Workspace.Equal(state.Workspace) && plan.Package.Equal(state.Package)); deleting || replacing {
		if !creating {
			side := recallSides(ctx, req.Private, &resp.Diagnostics)[state.Package.ValueString()]
			r.planRemoval(ctx, &state, side, &resp.Diagnostics)
		}
		return
	}

	plan.changeModel = state.changeModel
	plan.ResolvedVersion = keptVersion(plan.Version, state.Version, state.ResolvedVersion)
	if creating {
		plan.changeModel = unknownChange()
	} else {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		if resp.Diagnostics.HasError() || resp.Plan.Raw.Equal(req.State.Raw) {
			return
		}
	}

	after, known := plan.spec()
	if !known {
		plan.changeModel = unknownChange()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	workspace, pkg := plan.Workspace.ValueString(), plan.Package.ValueString()
	names, namesKnown := secretNames(config.Secrets)
	newSecrets := creating || !plan.SecretsVersion.Equal(state.SecretsVersion)
	complete := namesKnown || !newSecrets
	ask := sync.OnceValue(func() opinion {
		request := orbit.PlanRequest{Plugin: &orbit.PluginPlan{Package: pkg, PluginSpec: after}}
		if newSecrets {
			request.SecretNames = names
		}
		return r.askManager(ctx, plan.name(), workspace, request, plan.locate, &resp.Diagnostics)
	})
	if complete && plan.ResolvedVersion.IsUnknown() {
		plan.ResolvedVersion = ask().version(pkg)
		after, _ = plan.spec()
	}
	if plan.ResolvedVersion.IsUnknown() && !creating {
		if complete {
			r.reportUnresolved("Unable to update "+plan.name(), ask(), &resp.Diagnostics)
		}
		plan.changeModel = unknownChange()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	var before *orbit.PluginSpec
	var told sides
	if !creating {
		told = recallSides(ctx, req.Private, &resp.Diagnostics)
		spec, _ := state.spec()
		before = &spec
	}
	decision := decidePlugin(pkg, before, after, told)
	r.conn.logs.decided(ctx, workspace, plan.name(), decision)
	plan.changeModel = plannedChange(ctx, state.changeModel, decision, &resp.Diagnostics)
	if !creating {
		plan.leaveOpen(ctx, decision, plan.Timeouts)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !complete {
		return
	}

	opinion := ask()
	if decision.Impact.Interrupts() && opinion.interrupts() && !resp.Diagnostics.HasError() {
		why := joinParagraphs(describeReasons(decision.Reasons), byStoredPolicy+"; a new one in the same run is applied first.")
		warnOfCost(workspace, opinion.stores(), decision.Impact, why, &resp.Diagnostics)
	}
}

// planRemoval says what removing the plugin leads to, or that orbitd will not let it.
func (r *pluginResource) planRemoval(ctx context.Context, state *pluginModel, side changeplan.Side, diags *diag.Diagnostics) {
	workspace, pkg := state.Workspace.ValueString(), state.Package.ValueString()
	opinion := r.askManager(ctx, state.name(), workspace, orbit.PlanRequest{DeletePlugin: pkg}, state.locate, diags)
	if diags.HasError() {
		return
	}
	cannot, left := "A process cannot unload a plugin", " Its tables stay in the database."
	if side == changeplan.SideFrontend {
		cannot, left = "A process is told when it starts which web app it serves", ""
	}
	why := joinParagraphs("The plan removes plugin "+pkg+". "+cannot+", so the instance restarts "+
		"without it, unless the instance itself is deleted."+left, byStoredPolicy+".")
	warnOfCost(workspace, opinion.stores(), orbit.ImpactRestart, why, diags)
}
