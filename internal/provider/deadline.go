package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// What the writes may take when the configuration says nothing. Installing plugins over a cold npm cache takes minutes.
const (
	createTimeout = 15 * time.Minute
	readTimeout   = 15 * time.Minute
	updateTimeout = 15 * time.Minute
	deleteTimeout = 5 * time.Minute
)

const (
	// verdictMargin is how much earlier than the client orbitd gives up, so that its verdict still arrives.
	verdictMargin = 30 * time.Second
	// writeTimeout bounds a write's own request, which answers at once.
	writeTimeout = time.Minute
	// afterwordTimeout bounds what is read after a write. An orbitd that restarts is back by then.
	afterwordTimeout = time.Minute
	// lastWordTimeout bounds that when the run was interrupted, and somebody waits for it to end.
	lastWordTimeout = 10 * time.Second
	// askAgain is the pause before an orbitd that was away is asked again.
	askAgain = time.Second
	// maxDeadline is the longest that the API takes.
	maxDeadline = 24 * time.Hour
)

// deadlineSeconds is how long orbitd may take for a change that the client waits for.
func deadlineSeconds(timeout time.Duration) int {
	margin := min(verdictMargin, timeout/10)
	return max(1, int(min(timeout-margin, maxDeadline).Seconds()))
}

// standardTimeouts are what a resource's timeouts are about. One that says nothing is not offered.
type standardTimeouts struct {
	create, read, update, delete standardTimeout
}

// standardTimeout is how long something is waited for when the configuration does not say.
type standardTimeout struct {
	standard time.Duration
	what     string
}

func (s standardTimeout) description() string {
	return fmt.Sprintf("How long to wait for %s, as `\"90s\"` or `\"1h30m\"`. Default: `\"%dm\"`.", s.what, int(s.standard.Minutes()))
}

// attribute is the timeouts of a resource.
func (s standardTimeouts) attribute(ctx context.Context, description string) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: s.create.what != "", CreateDescription: s.create.description(),
		Read: s.read.what != "", ReadDescription: s.read.description(),
		Update: s.update.what != "", UpdateDescription: s.update.description(),
		Delete: s.delete.what != "", DeleteDescription: s.delete.description(),
	})
	nested, ok := attribute.(schema.SingleNestedAttribute)
	if !ok {
		return attribute
	}
	nested.MarkdownDescription = description
	for name, one := range nested.Attributes {
		if text, ok := one.(schema.StringAttribute); ok {
			text.Validators = append(text.Validators, positive{})
			nested.Attributes[name] = text
		}
	}
	return nested
}

// timeoutsAttribute is the timeouts of a resource whose writes are rolled out; it says for each write what is waited for.
func timeoutsAttribute(ctx context.Context, create, update, destroy string) schema.Attribute {
	return standardTimeouts{
		create: standardTimeout{createTimeout, create},
		read:   standardTimeout{readTimeout, "a change that an earlier, interrupted run left under way"},
		update: standardTimeout{updateTimeout, update},
		delete: standardTimeout{deleteTimeout, destroy},
	}.attribute(ctx, "How long to wait. orbitd gives up a write a little earlier and puts the change back.")
}

// positive refuses a duration in which nothing can be done. What is no duration is another validator's.
type positive struct{}

func (positive) Description(context.Context) string { return "The duration is longer than 0." }

func (p positive) MarkdownDescription(ctx context.Context) string { return p.Description(ctx) }

// ValidateString implements validator.String.
func (positive) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if duration, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && duration <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid timeout", "The timeout is "+duration.String()+
			", in which nothing can be done. Write it as 90s or 1h30m.")
	}
}
