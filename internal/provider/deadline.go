package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// What the writes may take when the configuration says nothing. Installing plugins over a cold npm cache takes minutes.
const (
	createTimeout = 15 * time.Minute
	updateTimeout = 15 * time.Minute
	deleteTimeout = 5 * time.Minute
)

const (
	// verdictMargin is how much earlier than the client orbitd gives up, so that its verdict still arrives.
	verdictMargin = 30 * time.Second
	// writeTimeout bounds a write's own request, which answers at once.
	writeTimeout = time.Minute
	// afterwordTimeout bounds what is still read when the run was interrupted.
	afterwordTimeout = 10 * time.Second
)

// deadlineSeconds is how long orbitd may take for a change that the client waits for.
func deadlineSeconds(timeout time.Duration) int {
	margin := min(verdictMargin, timeout/10)
	return max(1, int((timeout - margin).Seconds()))
}

// timeoutsAttribute says for each write what its timeout is about.
func timeoutsAttribute(ctx context.Context, create, update, destroy string) schema.Attribute {
	describe := func(standard time.Duration, what string) string {
		return fmt.Sprintf("How long to wait for %s, as `\"90s\"` or `\"1h30m\"`. Default: `\"%dm\"`.", what, int(standard.Minutes()))
	}
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, CreateDescription: describe(createTimeout, create),
		Update: true, UpdateDescription: describe(updateTimeout, update),
		Delete: true, DeleteDescription: describe(deleteTimeout, destroy),
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long the writes may take. orbitd gives up a little earlier and puts the change back."
		return nested
	}
	return attribute
}
