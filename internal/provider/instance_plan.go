package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// ModifyPlan decides what the planned change costs, protects the database, and asks orbitd what it thinks.
func (r *instanceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan, config instanceModel
	creating, deleting := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
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
	// A replacement is asked about as an update first and then as a create; no call says that it deletes.
	if replacing := !creating && !deleting && !plan.Workspace.Equal(state.Workspace); deleting || replacing {
		if !creating && state.DeletionProtection.ValueBool() {
			resp.Diagnostics.AddAttributeError(path.Root("deletion_protection"), protectedSummary(state.Workspace),
				"The plan deletes the instance and with it its database, and deletion_protection is on. To delete it, "+
					"apply deletion_protection = false first, in an apply of its own.")
		}
		return
	}

	plan.changeModel, plan.PendingRestart = state.changeModel, state.PendingRestart
	plan.keepVersions(&state)
	plan.planURLs(&state, creating)
	plan.planLabels(r.conn.defaultLabels, &state, creating)
	if creating {
		plan.changeModel = unknownChange()
	} else {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		if resp.Diagnostics.HasError() || resp.Plan.Raw.Equal(req.State.Raw) {
			return
		}
	}

	after, known := plan.spec(ctx, &resp.Diagnostics)
	names, namesKnown := secretNames(config.Secrets)
	newSecrets := creating || !plan.SecretsVersion.Equal(state.SecretsVersion)
	// What a create costs depends on nothing: nobody is interrupted by an instance that is new.
	complete := known && (namesKnown || !newSecrets)
	if !complete && !creating {
		plan.changeModel, plan.PendingRestart = unknownChange(), types.BoolUnknown()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	workspace := plan.Workspace.ValueString()
	ask := sync.OnceValue(func() opinion {
		request := orbit.PlanRequest{Instance: &after}
		if newSecrets {
			request.SecretNames = names
		}
		return r.askManager(ctx, "instance "+workspace, workspace, request, plan.locate, &resp.Diagnostics)
	})
	if complete && plan.unresolved() {
		plan.resolve(ask().version)
		after, _ = plan.spec(ctx, &resp.Diagnostics)
		if plan.unresolved() && !creating {
			r.reportUnresolved("Unable to update instance "+workspace, ask(), &resp.Diagnostics)
			plan.changeModel, plan.PendingRestart = unknownChange(), types.BoolUnknown()
			resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
			return
		}
	}
	var before *orbit.InstanceSpec
	var releases bool
	var told sides
	if !creating {
		told = recallSides(ctx, req.Private, &resp.Diagnostics)
		spec, _ := state.spec(ctx, &resp.Diagnostics)
		before = &spec
		releases = releasesPending(spec.RestartPolicy, after.RestartPolicy, state.PendingRestart.ValueBool())
	}
	decision := decideInstance(before, after, names, told)
	if releases {
		decision = releasing(decision)
	}
	r.conn.logs.decided(ctx, workspace, "instance "+workspace, decision)
	plan.changeModel = plannedChange(ctx, state.changeModel, decision, &resp.Diagnostics)
	if !creating {
		plan.leaveOpen(ctx, decision, plan.LabelsAll, plan.Timeouts)
	}
	plan.obey(decision, &state)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if creating && after.RestartPolicy == orbit.RestartForbid {
		warnOfPluginsToCome(workspace, &resp.Diagnostics)
	}
	forbids := decision.Impact.Interrupts() && after.RestartPolicy == orbit.RestartForbid
	// Where a restart is waited for, the change may take that back, and only orbitd knows what runs.
	waiting := state.PendingRestart.ValueBool()
	if forbids && !waiting && !resp.Diagnostics.HasError() {
		refuseRestart(workspace, decision, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() || !complete {
		return
	}

	opinion := ask()
	if forbids && opinion.result == nil && !resp.Diagnostics.HasError() {
		refuseRestart(workspace, decision, &resp.Diagnostics)
	}
	if decision.Impact.Interrupts() && opinion.interrupts() && !resp.Diagnostics.HasError() {
		why := decision.Reasons
		if releases { // what waits is known to orbitd alone
			why = joinReasons(why, opinion.reasons())
		}
		warnOfCost(workspace, after.RestartPolicy == orbit.RestartManual, orbit.MaxImpact(decision.Impact, opinion.impact()),
			describeReasons(why), &resp.Diagnostics)
	}
}

func protectedSummary(workspace types.String) string {
	return "Instance " + workspace.ValueString() + " is protected from deletion"
}
