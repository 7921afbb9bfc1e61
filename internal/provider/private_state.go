package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

const (
	// etagKey is where a resource's private state keeps the ETag that the last read or write saw. An update goes ahead
	// only while orbitd still has that one.
	etagKey = "etag"
	// changeKey is where it keeps the change whose end the run that made it did not see.
	changeKey = "change"
)

// privateState is the part of the framework's private state that is needed here.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// remember keeps a text under the key; "" forgets it.
func remember(ctx context.Context, private privateState, key, text string, diags *diag.Diagnostics) {
	if text == "" {
		diags.Append(private.SetKey(ctx, key, nil)...)
		return
	}
	keep(ctx, private, key, text, diags)
}

// keep stores a value under the key.
func keep(ctx context.Context, private privateState, key string, value any, diags *diag.Diagnostics) {
	encoded, err := json.Marshal(value) // the framework stores JSON only
	if err != nil {
		diags.AddError("Unable to remember the "+key, err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, key, encoded)...)
}

// recall is "" where nothing was remembered.
func recall(ctx context.Context, private privateState, key string, diags *diag.Diagnostics) string {
	encoded, problems := private.GetKey(ctx, key)
	diags.Append(problems...)
	var text string
	if len(encoded) > 0 && json.Unmarshal(encoded, &text) != nil {
		return ""
	}
	return text
}
