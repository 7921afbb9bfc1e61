package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// sameDocument says whether two app-configs mean the same. A text that does not parse equals only itself.
func sameDocument(a, b string) bool {
	if a == b {
		return true
	}
	first, problems := appconfig.Parse(a)
	if len(problems) > 0 {
		return false
	}
	second, problems := appconfig.Parse(b)
	return len(problems) == 0 && appconfig.Equal(first, second)
}

// keepEqualDocument plans the document of the state where the configured one means the same. The framework's semantic
// equality does not reach the plan, and there a new formatting would show as a change.
type keepEqualDocument struct{}

func (keepEqualDocument) Description(context.Context) string {
	return "A document that means the same as before is no change."
}

func (m keepEqualDocument) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (keepEqualDocument) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if sameDocument(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}
