package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// putBack is what is left of an update that failed.
const putBack = "orbitd put it back as it was, and what ran before still serves. The next plan shows the same change again."

// keepsUnread says whether a read has to leave the state as it is, because nobody knows yet where orbitd will be.
func (c *connected) keepsUnread(subject string, diags *diag.Diagnostics) bool {
	if c.conn.unknown {
		diags.AddWarning("State of "+subject+" was not read", "The provider's configuration is known only after apply. "+
			"The plan goes by the state of the last run.")
	}
	return c.conn.unknown
}

// reportUnread shows why a read failed, and how to plan without one.
func (c *connected) reportUnread(summary string, err error, diags *diag.Diagnostics) {
	if orbit.IsUnreachable(err) {
		diags.AddError(summary, joinParagraphs(sentence(err.Error()), "A plan can go by the last known state: terraform plan "+
			"-refresh=false. An apply and a destroy need orbitd."))
		return
	}
	c.reportError(summary, err, nowhere, diags)
}

// nowhere is the place of findings that no attribute is to blame for.
func nowhere(orbit.Diagnostic) (path.Path, bool) { return path.Empty(), false }
