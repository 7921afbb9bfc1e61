package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var _ action.ActionWithConfigure = (*restartAction)(nil)

// workspaceAttribute blames the attribute workspace for what is not found.
var workspaceAttribute = map[orbit.Code]string{ //nolint:gochecknoglobals // a table
	orbit.CodeNotFound: "workspace", orbit.CodeInvalidWorkspace: "workspace",
}

// restartAction is the action orbit_backstage_instance_restart.
type restartAction struct {
	connected
}

func newRestartAction() action.Action { return &restartAction{} }

type restartModel struct {
	Workspace types.String   `tfsdk:"workspace"`
	Timeouts  timeouts.Value `tfsdk:"timeouts"`
}

func (a *restartAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_instance_restart"
}

func (a *restartAction) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Restarts a workspace's Backstage: a new process takes over from the old one, and no request fails. What is " +
			"stored and waits for a restart, under `restart_policy = \"manual\"`, is rolled out by it. The instance's " +
			"`restart_policy` does not hold it up, not even `forbid`: that is about what changes bring about, and a restart of this " +
			"action was asked for.\n\n" +
			"When the restart fails, what ran before serves on, what waited still waits, and the action is an error.",
		Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The workspace whose instance is restarted.",
				Validators:          []validator.String{finds(declare.Workspace)},
			},
			"timeouts": invokeTimeoutAttribute(ctx, restartTimeout, "the new process to serve. orbitd gives up a little earlier, "+
				"and what ran before serves on"),
		},
	}
}

func (a *restartAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.connect(req.ProviderData, &resp.Diagnostics)
}

func (a *restartAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config restartModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, problems := config.Timeouts.Invoke(ctx, restartTimeout)
	resp.Diagnostics.Append(problems...)
	workspace := config.Workspace.ValueString()
	summary := "Unable to restart instance " + workspace
	client, ok := a.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tell := func(message string) { resp.SendProgress(action.InvokeProgressEvent{Message: message}) }

	started := time.Now()
	change, err := accept(ctx, func(ctx context.Context) (*orbit.Change, error) {
		return client.RestartInstance(ctx, workspace, orbit.RestartRequest{DeadlineSeconds: deadlineSeconds(timeout)})
	})
	if err != nil {
		a.reportAt(workspaceAttribute, summary, err, &resp.Diagnostics)
		return
	}
	tell("Restarting instance " + workspace + ":\n" + describeReasons(change.Reasons))
	verdict, err := follow(ctx, client, change, func(step string) { tell("Instance " + workspace + ": " + step) }, &resp.Diagnostics)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("The restart of instance "+workspace+" is still under way", joinParagraphs(whyUnknown(err),
			"orbitd goes on with change "+change.ID+": GET /v1/changes/"+change.ID+" of its API tells how it ends, and so do the "+
				"events of the instance."))
	case verdict.State == orbit.ChangeFailed:
		reportFailure(summary, verdict, "What ran before still serves, and what waited for a restart still does.", &resp.Diagnostics)
	default:
		tell("Instance " + workspace + " was restarted in " + time.Since(started).Round(100*time.Millisecond).String())
	}
}
