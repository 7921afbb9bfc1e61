package provider

import (
	"cmp"
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	_ resource.ResourceWithConfigure      = (*instanceResource)(nil)
	_ resource.ResourceWithIdentity       = (*instanceResource)(nil)
	_ resource.ResourceWithImportState    = (*instanceResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*instanceResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*instanceResource)(nil)
	_ resource.ResourceWithValidateConfig = (*instanceResource)(nil)
)

// instanceResource is orbit_backstage_instance.
type instanceResource struct {
	connected
}

func newInstanceResource() resource.Resource { return &instanceResource{} }

func (r *instanceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_instance"
}

func (r *instanceResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = instanceSchema(ctx)
}

func (r *instanceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = instanceIdentitySchema()
}

func (r *instanceResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return instanceUpgrades.upgraders()
}

func (r *instanceResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.connect(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig finds what is wrong with the instance by itself, as far as its values are known.
func (r *instanceResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config instanceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	findings := checkInstance(ctx, &config, &resp.Diagnostics)
	reportFindings("Invalid instance "+config.Workspace.ValueString(), findings, config.locate, &resp.Diagnostics)
}

func (r *instanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, problems := plan.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(problems...)
	spec, _ := plan.spec(ctx, &resp.Diagnostics)
	secrets := r.secretValues(ctx, config.Secrets, &resp.Diagnostics)
	workspace := plan.Workspace.ValueString()
	summary := "Unable to create instance " + workspace
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	change, err := accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.PutInstance(ctx, workspace, orbit.IfAbsent(), orbit.InstanceWrite{
			InstanceSpec: spec, Secrets: secrets, WriteOptions: orbit.WriteOptions{DeadlineSeconds: deadlineSeconds(timeout)},
		})
	})
	if err != nil {
		r.reportError(summary, err, plan.locate, &resp.Diagnostics)
		return
	}
	verdict, waitErr := await(ctx, client, change, plan.locate, &resp.Diagnostics)
	instance, readErr := afterword(ctx, func(ctx context.Context) (*orbit.Instance, error) {
		return client.GetInstance(ctx, workspace)
	})
	switch {
	case waitErr != nil:
		remember(ctx, resp.Private, changeKey, change.ID, &resp.Diagnostics)
		// No error here: with one, Terraform would replace the instance that orbitd is still making.
		resp.Diagnostics.AddWarning("Instance "+workspace+" is still being created", unknownFate(change, waitErr))
	case verdict.State == orbit.ChangeFailed && (orbit.IsNotFound(readErr) || leaving(instance) || orbit.IsUnreachable(readErr)):
		reportFailure(summary, verdict, "Nothing of it is left.", &resp.Diagnostics)
		return
	case verdict.State == orbit.ChangeFailed:
		// What is left has to be deletable, or every later apply would be refused.
		plan.DeletionProtection = types.BoolValue(false)
		reportFailure(summary, verdict, "orbitd could not remove what was made of it; the next apply deletes it and "+
			"starts over.", &resp.Diagnostics)
	}
	if readErr == nil {
		plan.adoptComputed(instance)
		rememberInstance(ctx, resp.Private, instance, &resp.Diagnostics)
	} else if waitErr == nil {
		resp.Diagnostics.AddWarning("Unable to read instance "+workspace+" after it was created", sentence(readErr.Error()))
	}
	plan.forgetUnknown()
	plan.changeModel = plan.settle(noChange(), cmp.Or(verdict, change))
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, instanceIdentity{plan.Workspace})...)
}

func (r *instanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	workspace := state.Workspace.ValueString()
	summary := "Unable to read instance " + workspace
	// Also where nothing is left of the instance: Terraform before 1.12 keeps no identity, and the framework wants one.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, instanceIdentity{state.Workspace})...)
	timeout, problems := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(problems...)
	if resp.Diagnostics.HasError() {
		return
	}
	awaitUnfinished(ctx, r.conn, "instance "+workspace, timeout, resp.Private, state.locate, &resp.Diagnostics)
	r.conn.refreshed.Store(true)
	instance, err := r.conn.instance(ctx, workspace)
	switch imported := state.ChangeImpact.IsNull(); {
	case orbit.IsNotFound(err), leaving(instance):
		resp.State.RemoveResource(ctx)
		return
	case outOfReach(err) && !imported:
		warnOfPlanWithout(err, &resp.Diagnostics)
		return
	case err != nil:
		r.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	state.adopt(ctx, instance, r.conn.defaultLabels, &resp.Diagnostics)
	if state.ChangeImpact.IsNull() {
		state.changeModel = noChange()
	}
	rememberInstance(ctx, resp.Private, instance, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *instanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan, config instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, problems := plan.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(problems...)
	spec, _ := plan.spec(ctx, &resp.Diagnostics)
	write := orbit.InstanceWrite{InstanceSpec: spec, WriteOptions: orbit.WriteOptions{
		MaxImpact: plan.maxImpact(), DeadlineSeconds: deadlineSeconds(timeout),
	}}
	if !plan.SecretsVersion.Equal(state.SecretsVersion) {
		write.Secrets = r.secretValues(ctx, config.Secrets, &resp.Diagnostics)
	}
	if changed := write.Secrets != nil || !plan.Variables.Equal(state.Variables); changed && write.MaxImpact.Valid() {
		// A plugin that is declared elsewhere may refer to one of them; the plan of the instance alone cannot see that.
		write.MaxImpact = orbit.MaxImpact(write.MaxImpact, orbit.ImpactRestart)
	}
	before := orbit.RestartPolicy(state.RestartPolicy.ValueString())
	if releasesPending(before, spec.RestartPolicy, state.PendingRestart.ValueBool()) {
		write.MaxImpact = orbit.ImpactUpgrade // the state does not tell which of the two the stored changes cost
	}
	workspace := plan.Workspace.ValueString()
	summary := "Unable to update instance " + workspace
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	etag, err := r.currentETag(ctx, client, workspace, recall(ctx, req.Private, etagKey, &resp.Diagnostics))
	if err != nil {
		r.reportError(summary, err, plan.locate, &resp.Diagnostics)
		return
	}
	change, err := accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.PutInstance(ctx, workspace, orbit.IfMatch(etag), write)
	})
	if err != nil {
		r.reportError(summary, err, plan.locate, &resp.Diagnostics)
		return
	}
	// After an error the state is what it was, so the next plan shows whatever is still to do.
	verdict, err := await(ctx, client, change, plan.locate, &resp.Diagnostics)
	if err != nil {
		remember(ctx, resp.Private, changeKey, change.ID, &resp.Diagnostics)
	}
	switch {
	case errors.Is(err, context.Canceled):
		// No error here: the change is on its way, so the state has to know what it sent and the restart that it costs.
		resp.Diagnostics.AddWarning("Update of instance "+workspace+" is still under way", unknownFate(change, err))
	case err != nil:
		resp.Diagnostics.AddError(summary, "The update is still under way. "+unknownFate(change, err))
		return
	case verdict.State == orbit.ChangeFailed:
		reportFailure(summary, verdict, joinParagraphs(plan.fixFirst(&state, problemOf(verdict)), putBack), &resp.Diagnostics)
		return
	}
	plan.learnVersions(r.rememberCurrent(ctx, client, workspace, resp.Private, &resp.Diagnostics))
	plan.forgetUnknown()
	warnOfWaiting(verdict, &resp.Diagnostics)
	plan.settlePending(verdict)
	plan.changeModel = plan.settle(state.changeModel, cmp.Or(verdict, change))
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, instanceIdentity{plan.Workspace})...)
}

func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, problems := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(problems...)
	workspace := state.Workspace.ValueString()
	summary := "Unable to delete instance " + workspace
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	change, err := accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.DeleteInstance(ctx, workspace, orbit.Precondition{})
	})
	switch {
	case orbit.IsNotFound(err):
		return
	case err != nil:
		r.reportError(summary, err, state.locate, &resp.Diagnostics)
		return
	}
	verdict, err := await(ctx, client, change, state.locate, &resp.Diagnostics)
	switch {
	case err != nil:
		remember(ctx, resp.Private, changeKey, change.ID, &resp.Diagnostics)
		resp.Diagnostics.AddError(summary, "The deletion is still under way. "+unknownFate(change, err))
	case verdict.State == orbit.ChangeFailed:
		reportFailure(summary, verdict, "A later destroy tries again.", &resp.Diagnostics)
	}
}

func (r *instanceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace := req.ID
	if workspace == "" {
		workspace = identityText(ctx, req.Identity, "workspace", &resp.Diagnostics)
	}
	importAs(ctx, "The import id of an instance is its workspace, acme for example.", map[string]string{"workspace": workspace},
		declare.Workspace(workspace), resp)
}

// currentETag is the ETag to update on: what the plan's read saw, or today's where there was no such read.
func (r *instanceResource) currentETag(ctx context.Context, client *orbit.Client, workspace, known string) (string, error) {
	if known != "" {
		return known, nil
	}
	instance, err := client.GetInstance(ctx, workspace)
	if err != nil {
		return "", err
	}
	return instance.ETag, nil
}

// rememberInstance stores what orbitd said of an instance and later plans and updates go by.
func rememberInstance(ctx context.Context, private privateState, instance *orbit.Instance, diags *diag.Diagnostics) {
	remember(ctx, private, etagKey, instance.ETag, diags)
	toldBy(instance.Plugins).remember(ctx, private, diags)
}

// rememberCurrent is rememberInstance after an update; where the instance cannot be read now no ETag is known. It returns what it
// read.
func (r *instanceResource) rememberCurrent(ctx context.Context, client *orbit.Client, workspace string, private privateState,
	diags *diag.Diagnostics,
) *orbit.Instance {
	instance, err := afterword(ctx, func(ctx context.Context) (*orbit.Instance, error) {
		return client.GetInstance(ctx, workspace)
	})
	if err != nil {
		remember(ctx, private, etagKey, "", diags)
		return nil
	}
	rememberInstance(ctx, private, instance, diags)
	return instance
}

// leaving says whether an instance is on its way out: nothing that a state should hold on to.
func leaving(instance *orbit.Instance) bool {
	return instance != nil && instance.Status.Phase == orbit.PhaseDeleting
}
