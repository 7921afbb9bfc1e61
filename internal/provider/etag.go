package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// etagKey is where a resource's private state keeps the ETag that the last read or write saw. An update goes ahead only
// while orbitd still has that one.
const etagKey = "etag"

// privateState is the part of the framework's private state that is needed here.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func rememberETag(ctx context.Context, private privateState, etag string, diags *diag.Diagnostics) {
	encoded, err := json.Marshal(etag) // the framework stores JSON only
	if err != nil {
		diags.AddError("Unable to remember an ETag", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, etagKey, encoded)...)
}

// knownETag is "" where none was remembered.
func knownETag(ctx context.Context, private privateState, diags *diag.Diagnostics) string {
	encoded, problems := private.GetKey(ctx, etagKey)
	diags.Append(problems...)
	var etag string
	if len(encoded) > 0 && json.Unmarshal(encoded, &etag) != nil {
		return ""
	}
	return etag
}
