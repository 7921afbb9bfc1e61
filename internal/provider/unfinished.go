package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// awaitUnfinished waits for the change that an earlier run left under way, so that the read that follows sees how it
// ended. Without that a plan would call a change done that orbitd may still put back.
func awaitUnfinished(ctx context.Context, conn *connection, subject string, timeout time.Duration, private privateState,
	where locate, diags *diag.Diagnostics,
) {
	id := recall(ctx, private, changeKey, diags)
	if id == "" {
		return
	}
	change, err := ask(ctx, conn, readPatience, func(ctx context.Context, client *orbit.Client) (*orbit.Change, error) {
		return client.GetChange(ctx, id, 0)
	})
	switch {
	case orbit.IsNotFound(err):
		remember(ctx, private, changeKey, "", diags) // it ended longer ago than orbitd keeps changes
		return
	case err != nil:
		return // the read that follows says so
	}
	conn.reads.end(change.Workspace) // what was read before is overtaken by the end of the change
	client, err := conn.Client()
	if err != nil {
		return // it answered a moment ago
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	verdict, err := await(bounded, client, change, where, diags)
	switch {
	case err != nil:
		diags.AddWarning("A change of "+subject+" is still under way", "An earlier run left change "+id+" unfinished. What "+
			"Terraform sees and plans now is as if it succeeded; if it fails, orbitd puts it back, and a later plan shows "+
			"that.\n\nA read waits for it as long as timeouts.read says.")
		return
	case verdict.State == orbit.ChangeFailed:
		diags.AddWarning("The unfinished change of "+subject+" failed", describeFailure(verdict,
			"An earlier run left it under way, and orbitd put it back since then."))
	}
	remember(ctx, private, changeKey, "", diags)
}
