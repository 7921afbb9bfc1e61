package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// lifetimeUpTo is a validator of how long a token may last: whole seconds, at most so many hours.
type lifetimeUpTo time.Duration

func (l lifetimeUpTo) Description(context.Context) string {
	return fmt.Sprintf("A duration of whole seconds, at most %s.", hours(time.Duration(l)))
}

func (l lifetimeUpTo) MarkdownDescription(ctx context.Context) string { return l.Description(ctx) }

// ValidateString implements validator.String.
func (l lifetimeUpTo) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	lifetime, err := time.ParseDuration(text)
	var wrong string
	switch {
	case err != nil:
		wrong = fmt.Sprintf("%q is no duration.", text)
	case lifetime < time.Second:
		wrong = fmt.Sprintf("%q is shorter than a second.", text)
	case lifetime%time.Second != 0:
		wrong = fmt.Sprintf("%q is not of whole seconds.", text)
	case lifetime > time.Duration(l):
		wrong = fmt.Sprintf("%q is longer than %s.", text, hours(time.Duration(l)))
	default:
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid lifetime", wrong+` Write it in hours, minutes and seconds, as "8h" or "1h30m".`)
}

func hours(d time.Duration) string { return fmt.Sprintf("%dh", int(d.Hours())) }

// lifetimeOf is a configured lifetime; 0 where none is configured.
func lifetimeOf(text types.String) time.Duration {
	lifetime, _ := time.ParseDuration(text.ValueString()) // validated
	return lifetime
}

// keepEqualLifetime plans the lifetime of the state where the configured one is as long: 720h is 43200m.
type keepEqualLifetime struct{}

func (keepEqualLifetime) Description(context.Context) string {
	return "A lifetime that is as long as before is no change."
}

func (m keepEqualLifetime) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (keepEqualLifetime) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if lifetimeOf(req.StateValue) == lifetimeOf(req.PlanValue) {
		resp.PlanValue = req.StateValue
	}
}

// anotherLifetimeReplaces is the plan modifiers of a lifetime that is given once.
func anotherLifetimeReplaces() []planmodifier.String {
	return []planmodifier.String{keepEqualLifetime{}, stringplanmodifier.RequiresReplace()}
}
