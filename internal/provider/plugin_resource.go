package provider

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	_ resource.ResourceWithConfigure      = (*pluginResource)(nil)
	_ resource.ResourceWithIdentity       = (*pluginResource)(nil)
	_ resource.ResourceWithImportState    = (*pluginResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*pluginResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*pluginResource)(nil)
	_ resource.ResourceWithValidateConfig = (*pluginResource)(nil)
)

// pluginResource is orbit_backstage_plugin.
type pluginResource struct {
	connected
}

func newPluginResource() resource.Resource { return &pluginResource{} }

func (r *pluginResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_plugin"
}

func (r *pluginResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = pluginSchema(ctx)
}

func (r *pluginResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = pluginIdentitySchema()
}

func (r *pluginResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return pluginUpgrades.upgraders()
}

func (r *pluginResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.connect(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig finds what is wrong with the plugin by itself. Which secrets its instance has is not known here.
func (r *pluginResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config pluginModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	findings := whereKnown(config.Workspace, declare.Workspace)
	findings = append(findings, checkPlugin(config.Package, config.Version, config.Config, nil)...)
	reportFindings("Invalid "+config.name(), findings, config.locate, &resp.Diagnostics)
}

func (r *pluginResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config pluginModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	secrets := r.secretValues(ctx, config.Secrets, &resp.Diagnostics)
	timeout, problems := plan.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to create " + plan.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	change, err := r.put(ctx, client, &plan, secrets, orbit.IfAbsent(), deadlineSeconds(timeout))
	if err != nil {
		r.reportError(summary, err, plan.locate, &resp.Diagnostics)
		return
	}
	verdict, err := await(ctx, client, change, plan.locate, &resp.Diagnostics)
	if err != nil {
		remember(ctx, resp.Private, changeKey, change.ID, &resp.Diagnostics)
	}
	switch {
	case err != nil:
		// No error here: with one, Terraform would replace the plugin that orbitd is still adding.
		resp.Diagnostics.AddWarning("The creation of "+plan.name()+" is still under way", unknownFate(change, err))
	case verdict.State == orbit.ChangeFailed:
		reportFailure(summary, verdict, "orbitd took the plugin out again, and what ran before still serves.", &resp.Diagnostics)
		return
	}
	plan.learnVersion(r.rememberCurrent(ctx, client, &plan, resp.Private, &resp.Diagnostics))
	warnOfWaiting(verdict, &resp.Diagnostics)
	plan.changeModel = plan.settle(noChange(), cmp.Or(verdict, change))
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

func (r *pluginResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state pluginModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	summary := "Unable to read " + state.name()
	// Also where nothing is left of the plugin: Terraform before 1.12 keeps no identity, and the framework wants one.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	timeout, problems := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(problems...)
	if resp.Diagnostics.HasError() {
		return
	}
	awaitUnfinished(ctx, r.conn, state.name(), timeout, resp.Private, state.locate, &resp.Diagnostics)
	r.conn.refreshed.Store(true)
	plugin, err := r.conn.plugin(ctx, state.Workspace.ValueString(), state.Package.ValueString())
	switch imported := state.ChangeImpact.IsNull(); {
	case orbit.IsNotFound(err):
		resp.State.RemoveResource(ctx)
		return
	case outOfReach(err) && !imported:
		warnOfPlanWithout(err, &resp.Diagnostics)
		return
	case err != nil:
		r.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	case plugin.Owner == orbit.OwnerInstance && imported:
		resp.Diagnostics.AddError("Unable to import "+state.name(), "It stands in the plugins map of the instance itself, "+
			"which owns it. Declare it in one place only.")
		return
	case plugin.Owner == orbit.OwnerInstance:
		// The instance has taken it over, so this resource's own is gone.
		resp.State.RemoveResource(ctx)
		return
	}
	state.adopt(plugin)
	if state.ChangeImpact.IsNull() {
		state.changeModel = noChange()
	}
	rememberPlugin(ctx, resp.Private, plugin, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *pluginResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan, config pluginModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	var secrets map[string]string // none keeps what is stored
	if !plan.SecretsVersion.Equal(state.SecretsVersion) {
		secrets = r.secretValues(ctx, config.Secrets, &resp.Diagnostics)
	}
	timeout, problems := plan.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to update " + plan.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	etag := recall(ctx, req.Private, etagKey, &resp.Diagnostics)
	if etag == "" {
		plugin, err := client.GetPlugin(ctx, plan.Workspace.ValueString(), plan.Package.ValueString())
		if err != nil {
			r.reportError(summary, err, plan.locate, &resp.Diagnostics)
			return
		}
		etag = plugin.ETag
	}
	change, err := r.put(ctx, client, &plan, secrets, orbit.IfMatch(etag), deadlineSeconds(timeout))
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
		resp.Diagnostics.AddWarning("The update of "+plan.name()+" is still under way", unknownFate(change, err))
	case err != nil:
		resp.Diagnostics.AddError(summary, "The update is still under way. "+unknownFate(change, err))
		return
	case verdict.State == orbit.ChangeFailed:
		reportFailure(summary, verdict, putBack, &resp.Diagnostics)
		return
	}
	plan.learnVersion(r.rememberCurrent(ctx, client, &plan, resp.Private, &resp.Diagnostics))
	warnOfWaiting(verdict, &resp.Diagnostics)
	plan.changeModel = plan.settle(state.changeModel, cmp.Or(verdict, change))
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// Delete returns when orbitd has recorded the removal. It does not wait for the rollout, so that an instance that is
// deleted right after its plugins is never rolled out without them first.
func (r *pluginResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state pluginModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, problems := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to delete " + state.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	change, err := accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.DeletePlugin(ctx, state.Workspace.ValueString(), state.Package.ValueString(), orbit.Precondition{})
	})
	if err != nil && !orbit.IsNotFound(err) && !orbit.HasCode(err, orbit.CodeDeleting) {
		r.reportError(summary, err, state.locate, &resp.Diagnostics)
	}
	warnOfWaiting(change, &resp.Diagnostics)
}

// ImportState takes "workspace/package"; the package's own scope has a slash as well, so the first one separates.
func (r *pluginResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace, pkg, _ := strings.Cut(req.ID, "/")
	if req.ID == "" {
		workspace = identityText(ctx, req.Identity, "workspace", &resp.Diagnostics)
		pkg = identityText(ctx, req.Identity, "package", &resp.Diagnostics)
	}
	importAs(ctx, "The import id of a plugin is workspace/package, as in acme/@roadiehq/backstage-plugin-argo-cd-backend.",
		map[string]string{"workspace": workspace, "package": pkg},
		append(declare.Workspace(workspace), declare.Package(pkg)...), resp)
}

func (r *pluginResource) put(ctx context.Context, client *orbit.Client, plan *pluginModel, secrets map[string]string,
	on orbit.Precondition, deadline int,
) (*orbit.Change, error) {
	spec, _ := plan.spec()
	return accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.PutPlugin(ctx, plan.Workspace.ValueString(), plan.Package.ValueString(), on, orbit.PluginWrite{
			PluginSpec: spec, Secrets: secrets,
			WriteOptions: orbit.WriteOptions{MaxImpact: plan.maxImpact(), DeadlineSeconds: deadline},
		})
	})
}

// rememberPlugin stores what orbitd said of a plugin and later plans and updates go by.
func rememberPlugin(ctx context.Context, private privateState, plugin *orbit.Plugin, diags *diag.Diagnostics) {
	remember(ctx, private, etagKey, plugin.ETag, diags)
	toldBy(map[string]orbit.PluginSpec{plugin.Package: plugin.PluginSpec}).remember(ctx, private, diags)
}

// rememberCurrent is rememberPlugin after a write; where the plugin cannot be read now no ETag is known. It returns what it
// read.
func (r *pluginResource) rememberCurrent(ctx context.Context, client *orbit.Client, plan *pluginModel, private privateState,
	diags *diag.Diagnostics,
) *orbit.Plugin {
	plugin, err := afterword(ctx, func(ctx context.Context) (*orbit.Plugin, error) {
		return client.GetPlugin(ctx, plan.Workspace.ValueString(), plan.Package.ValueString())
	})
	if err != nil {
		remember(ctx, private, etagKey, "", diags)
		return nil
	}
	rememberPlugin(ctx, private, plugin, diags)
	return plugin
}
