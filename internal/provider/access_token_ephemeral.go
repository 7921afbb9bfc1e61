package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithRenew     = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*accessTokenEphemeral)(nil)
)

// accessTokenEphemeral is the ephemeral resource orbit_backstage_token.
type accessTokenEphemeral struct {
	connected
}

func newAccessTokenEphemeral() ephemeral.EphemeralResource { return &accessTokenEphemeral{} }

func (e *accessTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_backstage_token"
}

func (e *accessTokenEphemeral) Schema(ctx context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = accessTokenSchema(ctx)
}

func (e *accessTokenEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.connect(req.ProviderData, &resp.Diagnostics)
}

// opened is what a renewal and the end need to know of a token. It holds no secret.
type opened struct {
	Workspace string    `json:"workspace"`
	ID        string    `json:"id"`
	Lifetime  int64     `json:"lifetime_seconds"`
	ExpiresAt time.Time `json:"expires_at"`
}

// openedKey is where Terraform keeps it until the end of the run.
const openedKey = "token"

func (o opened) name() string { return "the token for the instance of " + o.Workspace }

// Open waits for the instance, since a token for one that serves nothing is of no use to whoever gets it.
func (e *accessTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	timeout, problems := model.Timeouts.Open(ctx, openTimeout)
	resp.Diagnostics.Append(problems...)
	token := opened{Workspace: model.Workspace.ValueString(), Lifetime: int64(lifetimeOf(model.Lifetime) / time.Second)}
	summary := "Unable to open " + token.name()
	client, ok := e.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	made, err := openToken(ctx, client, token, timeout)
	switch {
	case orbit.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("workspace"), summary, "Workspace "+token.Workspace+" has no instance. If "+
			"this run makes it, give its api_url too (api_url = orbit_backstage_instance.NAME.api_url): the token is then made "+
			"after it.")
		return
	case err != nil:
		e.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	// From here on there is a token, so the run has to know of it whatever else is wrong.
	token.ID, token.ExpiresAt = made.ID, made.ExpiresAt
	resp.Diagnostics.Append(token.remember(ctx, resp.Private)...)
	resp.RenewAt = renewAt(made, time.Now())
	if expected := model.APIURL.ValueString(); expected != "" && expected != made.APIURL {
		resp.Diagnostics.AddAttributeError(path.Root("api_url"), "Unable to use "+token.name(), "It is for "+made.APIURL+
			", not for "+expected+". Give the api_url of the instance of "+token.Workspace+", or none.")
		e.revoke(ctx, token, &resp.Diagnostics) // after an error Terraform never closes it
		return
	}
	model.APIURL = types.StringValue(made.APIURL)
	model.Token = types.StringValue(made.Secret)
	model.ExpiresAt = types.StringValue(rfc3339(made.ExpiresAt))
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}

// openToken makes a token once the instance serves, or after the wait says why it does not.
func openToken(ctx context.Context, client *orbit.Client, token opened, patience time.Duration) (*orbit.AccessToken, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := askUntil(bounded, notServing, func(context.Context) (*orbit.Instance, error) {
		instance, err := client.GetInstance(ctx, token.Workspace)
		if err == nil && !serves(instance) {
			err = errNotServing{instance}
		}
		return instance, err
	})
	if err != nil {
		return nil, err
	}
	return client.CreateAccessToken(ctx, token.Workspace, orbit.AccessTokenWrite{LifetimeSeconds: token.Lifetime})
}

func (e *accessTokenEphemeral) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	token, problems := recallOpened(ctx, req.Private)
	resp.Diagnostics.Append(problems...)
	summary := "Unable to renew " + token.name()
	client, ok := e.client(summary, &resp.Diagnostics)
	if !ok || resp.Diagnostics.HasError() {
		return
	}
	bounded, cancel := context.WithDeadline(ctx, token.ExpiresAt)
	defer cancel()
	renewed, err := askUntil(bounded, orbit.IsTransient, func(context.Context) (*orbit.AccessToken, error) {
		return client.RenewAccessToken(ctx, token.Workspace, token.ID, orbit.AccessTokenWrite{LifetimeSeconds: token.Lifetime})
	})
	switch {
	case orbit.IsNotFound(err):
		resp.Diagnostics.AddError(summary, "It has ended: it was revoked, or not renewed in time, or its instance is gone. Run "+
			"Terraform again.")
		return
	case err != nil:
		e.reportError(summary, err, nowhere, &resp.Diagnostics)
		return
	}
	token.ExpiresAt = renewed.ExpiresAt
	resp.Diagnostics.Append(token.remember(ctx, resp.Private)...)
	resp.RenewAt = renewAt(renewed, time.Now())
}

func (e *accessTokenEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	token, problems := recallOpened(ctx, req.Private)
	resp.Diagnostics.Append(problems...)
	if !resp.Diagnostics.HasError() {
		e.revoke(ctx, token, &resp.Diagnostics)
	}
}

// revoke ends a token. Where that fails the run did what it was to do all the same, and the token ends by itself.
func (e *accessTokenEphemeral) revoke(ctx context.Context, token opened, diags *diag.Diagnostics) {
	client, err := e.conn.Client()
	if err == nil {
		_, err = afterword(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, client.RevokeAccessToken(ctx, token.Workspace, token.ID)
		})
	}
	if err != nil && !orbit.IsNotFound(err) {
		diags.AddWarning("Unable to revoke "+token.name(), joinParagraphs(sentence(err.Error()), "It ends by itself at "+
			rfc3339(token.ExpiresAt)+"."))
	}
}

// renewAt is when two thirds of the token's life are over, or never (the zero time) for one that no renewal makes longer.
func renewAt(token *orbit.AccessToken, now time.Time) time.Time {
	if !token.ExpiresAt.Before(token.RenewableUntil) {
		return time.Time{}
	}
	return now.Add(token.ExpiresAt.Sub(now) * 2 / 3)
}

func (o opened) remember(ctx context.Context, private privateState) diag.Diagnostics {
	content, err := json.Marshal(o)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to remember "+o.name(), err.Error())}
	}
	return private.SetKey(ctx, openedKey, content)
}

func recallOpened(ctx context.Context, private privateState) (opened, diag.Diagnostics) {
	var token opened
	content, problems := private.GetKey(ctx, openedKey)
	if err := json.Unmarshal(content, &token); err != nil && !problems.HasError() {
		problems.AddError("Unable to recall the token", "Terraform does not know it any more: "+err.Error())
	}
	return token, problems
}
