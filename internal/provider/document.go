package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// sameDocument says whether two app-configs mean the same. A text that does not parse equals only itself.
func sameDocument(a, b string) bool { return compareDocuments(a, b, appconfig.Equal) }

// showsDocument says whether orbitd's answer is the known document: it masks literals that schemas call secrets.
func showsDocument(answer, known string) bool {
	return compareDocuments(answer, known, appconfig.EqualMasked)
}

func compareDocuments(a, b string, equal func(a, b appconfig.Document) bool) bool {
	if a == b {
		return true
	}
	first, problems := appconfig.Parse(a)
	if len(problems) > 0 {
		return false
	}
	second, problems := appconfig.Parse(b)
	return len(problems) == 0 && equal(first, second)
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
