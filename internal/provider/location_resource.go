package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	_ resource.ResourceWithConfigure    = (*locationResource)(nil)
	_ resource.ResourceWithIdentity     = (*locationResource)(nil)
	_ resource.ResourceWithImportState  = (*locationResource)(nil)
	_ resource.ResourceWithUpgradeState = (*locationResource)(nil)
)

// locationResource is orbit_backstage_catalog_location.
type locationResource struct {
	connected
}

func newLocationResource() resource.Resource { return &locationResource{} }

// locationUpgrades are those of its states.
var locationUpgrades upgrades //nolint:gochecknoglobals // a table

// locationAttributes are the arguments that a problem is about.
var locationAttributes = map[orbit.Code]string{ //nolint:gochecknoglobals // a table
	orbit.CodeNotFound: "workspace", orbit.CodeInvalidWorkspace: "workspace", orbit.CodeCatalogRefused: "target",
}

func (r *locationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_catalog_location"
}

func (r *locationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = locationSchema(ctx)
}

func (r *locationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = locationIdentitySchema()
}

func (r *locationResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return locationUpgrades.upgraders()
}

func (r *locationResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.connect(req.ProviderData, &resp.Diagnostics)
}

func (r *locationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan locationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, problems := plan.Timeouts.Create(ctx, locationTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to create " + plan.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	key, begun := orbit.NewIdempotencyKey(), ctx.Err() == nil
	location, err := register(ctx, client, &plan, key, timeout)
	if begun && unanswered(err) {
		// Nobody said whether it was registered. If it was, the state has to know of it.
		if found := lookFor(ctx, client, &plan, key); found != nil {
			resp.Diagnostics.AddWarning("The creation of "+plan.name()+" was cut short", joinParagraphs(whyUnknown(err),
				"The location is registered all the same. The next refresh tells what it has produced."))
			location, err = found, nil
		}
	}
	switch {
	case orbit.HasCode(err, orbit.CodeAlreadyExists):
		resp.Diagnostics.AddAttributeError(path.Root("target"), summary, "The catalog has this target already. If no other "+
			"resource declares it, import it: terraform import ADDRESS '"+plan.importID()+"'.")
		return
	case err != nil:
		r.reportAt(locationAttributes, summary, err, &resp.Diagnostics)
		return
	}
	plan.adopt(location)
	plan.warnOfProblems(location, &resp.Diagnostics)
	if len(location.Entities) == 0 && len(resp.Diagnostics) == 0 {
		resp.Diagnostics.AddAttributeWarning(path.Root("target"), "The catalog has not read "+plan.name()+" yet",
			"It is registered, and nothing is known of its entities after "+timeout.String()+". The next refresh tells; to wait "+
				"longer, raise timeouts.create.")
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

// register waits for a catalog that does not answer just now, and has it wait for its first entities in what is left.
func register(ctx context.Context, client *orbit.Client, plan *locationModel, key string, timeout time.Duration) (*orbit.CatalogLocation, error) {
	end := time.Now().Add(timeout)
	bounded, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	return askUntil(bounded, catalogAway, func(context.Context) (*orbit.CatalogLocation, error) {
		// The answer comes when the wait is over, so the request itself has longer; the client bounds it.
		wait := min(time.Until(end), maxLocationWait)
		return client.CreateCatalogLocation(ctx, plan.Workspace.ValueString(), key, orbit.CatalogLocationWrite{
			Target: plan.Target.ValueString(), WaitSeconds: max(0, int(wait.Seconds())),
		})
	})
}

// unanswered says whether a request may have been carried out, though nobody said so.
func unanswered(err error) bool {
	var problem *orbit.Problem
	return err != nil && !errors.As(err, &problem)
}

// lookFor is what a create that got no answer has registered; nil where it cannot be told. It repeats the create with its
// key, so that a location of somebody else is never taken for this one's. The run may have ended.
func lookFor(ctx context.Context, client *orbit.Client, plan *locationModel, key string) *orbit.CatalogLocation {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordTimeout)
	defer cancel()
	location, err := client.CreateCatalogLocation(ctx, plan.Workspace.ValueString(), key, orbit.CatalogLocationWrite{
		Target: plan.Target.ValueString(),
	})
	if err != nil {
		return nil
	}
	return location
}

func catalogAway(err error) bool { return orbit.HasCode(err, orbit.CodeCatalogUnavailable) }

func (r *locationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state locationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	// Also where nothing is left of the location: Terraform before 1.12 keeps no identity, and the framework wants one.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, state.identity())...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.conn.refreshed.Store(true)
	location, err := r.conn.location(ctx, &state)
	switch imported := state.LocationID.IsNull(); {
	case outOfReach(err) && !imported:
		warnOfPlanWithout(err, &resp.Diagnostics)
		return
	case catalogAway(err) && !imported:
		// No error here: it would stand in the way of the very plan that mends the instance.
		resp.Diagnostics.AddWarning("The catalog of "+state.Workspace.ValueString()+" cannot be asked", joinParagraphs(
			sentence(err.Error()), "The plan goes by the last known state of its locations."))
		return
	case orbit.HasCode(err, orbit.CodeDeleting), err == nil && location == nil:
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.reportError("Unable to read "+state.name(), err, nowhere, &resp.Diagnostics)
		return
	}
	if known := state.Problems; !known.Equal(texts(location.Problems)) {
		state.warnOfProblems(location, &resp.Diagnostics)
	}
	state.adopt(location)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update has nothing to send: what is not computed replaces the location, but for the timeouts.
func (r *locationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan locationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, plan.identity())...)
}

func (r *locationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state locationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, problems := state.Timeouts.Delete(ctx, locationTimeout)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to delete " + state.name()
	client, ok := r.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := askUntil(ctx, catalogAway, func(ctx context.Context) (struct{}, error) {
		return accept(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, client.DeleteCatalogLocation(ctx, state.Workspace.ValueString(), state.LocationID.ValueString())
		})
	})
	switch {
	case orbit.IsNotFound(err), orbit.HasCode(err, orbit.CodeDeleting):
	case catalogAway(err):
		resp.Diagnostics.AddError(summary, joinParagraphs(sentence(err.Error()), "Mend the instance first. If it is to go too, "+
			"forget the location, which goes with it: terraform state rm ADDRESS."))
	case err != nil:
		r.reportError(summary, err, nowhere, &resp.Diagnostics)
	}
}

// ImportState takes "workspace/target"; the target has slashes too, so the first one separates.
func (r *locationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace, target, _ := strings.Cut(req.ID, "/")
	if req.ID == "" {
		workspace = identityText(ctx, req.Identity, "workspace", &resp.Diagnostics)
		target = identityText(ctx, req.Identity, "target", &resp.Diagnostics)
	}
	importAs(ctx, "The import id of a location is workspace/target, as in "+
		"acme/https://github.com/acme/payments/blob/main/catalog-info.yaml.",
		map[string]string{"workspace": workspace, "target": target},
		append(declare.Workspace(workspace), declare.CatalogTarget(target)...), resp)
}
