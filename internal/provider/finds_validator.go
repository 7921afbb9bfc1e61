package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// finds is a validator that shows what a pure check of a string finds.
type finds func(string) []orbit.Diagnostic

func (finds) Description(context.Context) string { return "The value is one that orbitd takes." }

func (f finds) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

// ValidateString implements validator.String.
func (f finds) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	for _, finding := range whereKnown(req.ConfigValue, f) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value", sentence(finding.Message))
	}
}
