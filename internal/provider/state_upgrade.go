package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// upgrade makes of a state, as JSON, one of the next version.
type upgrade func(state map[string]any)

// upgrades are a resource's upgrades, each by the version that it starts from. Their number is the schema's version, so a
// schema that changes in a way that old states do not fit needs one more entry and nothing else.
//
// They work on JSON and keep no earlier schema: attributes that the schema has no more are dropped, and those that a state
// does not have are null.
type upgrades []upgrade

func (u upgrades) version() int64 { return int64(len(u)) }

// upgraders are those of the framework, which asks once for a state of whichever version.
func (u upgrades) upgraders() map[int64]resource.StateUpgrader {
	all := make(map[int64]resource.StateUpgrader, len(u))
	for from := range u {
		all[int64(from)] = resource.StateUpgrader{StateUpgrader: func(
			ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse,
		) {
			value, err := u[from:].apply(req.RawState, resp.State.Schema.Type().TerraformType(ctx))
			if err != nil {
				resp.Diagnostics.AddError("Unable to upgrade a state of version "+fmt.Sprint(from), joinParagraphs(
					sentence(err.Error()), "If the state was edited by hand, mend it; else this is a bug in the provider. Nothing "+
						"was changed."))
				return
			}
			resp.State.Raw = value
		}}
	}
	return all
}

// apply does all of the upgrades in their order.
func (u upgrades) apply(raw *tfprotov6.RawState, typ tftypes.Type) (tftypes.Value, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw.JSON))
	decoder.UseNumber() // a number of more than 53 bits stays what it is
	var state map[string]any
	if err := decoder.Decode(&state); err != nil {
		return tftypes.Value{}, fmt.Errorf("read the state: %w", err)
	}
	for _, upgrade := range u {
		upgrade(state)
	}
	upgraded, err := json.Marshal(state)
	if err != nil {
		return tftypes.Value{}, fmt.Errorf("write the upgraded state: %w", err)
	}
	value, err := (&tfprotov6.RawState{JSON: upgraded}).UnmarshalWithOpts(typ, tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		return tftypes.Value{}, fmt.Errorf("fit the upgraded state to the schema: %w", err)
	}
	return value, nil
}

// fill gives an attribute a value where the state has none.
func fill(state map[string]any, attribute string, value any) {
	if state[attribute] == nil {
		state[attribute] = value
	}
}
