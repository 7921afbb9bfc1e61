package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
)

// invokeTimeout is the name that the timeout of an action has in timeouts.
const invokeTimeout = "invoke"

// What an action may take when the configuration says nothing.
const (
	restartTimeout = 15 * time.Minute
	refreshTimeout = 5 * time.Minute
)

// invokeTimeoutAttribute is the timeouts of an action.
func invokeTimeoutAttribute(ctx context.Context, standard time.Duration, what string) schema.Attribute {
	attribute := timeouts.AttributesWithOpts(ctx, timeouts.Opts{InvokeDescription: standardTimeout{standard, what}.description()})
	nested, ok := attribute.(schema.SingleNestedAttribute)
	if !ok {
		return attribute
	}
	nested.MarkdownDescription = "How long to wait."
	if text, ok := nested.Attributes[invokeTimeout].(schema.StringAttribute); ok {
		text.Validators = append(text.Validators, positive{})
		nested.Attributes[invokeTimeout] = text
	}
	return nested
}
