package manager

import (
	"context"
	"errors"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Choose asks the registry which exact version a range of a package means now.
func (p packages) Choose(ctx context.Context, name, versionRange string) (string, error) {
	version, err := p.registry.Choose(ctx, name, versionRange)
	return version, asProblem("which version of "+name+" "+versionRange+" means", err)
}

// asProblem makes the registry's refusals what clients are told.
func asProblem(question string, err error) error {
	var refusal *bundle.Error
	if !errors.As(err, &refusal) {
		return err
	}
	problem := &orbit.Problem{
		Code: refusal.Code, Title: "No answer to " + question, Detail: refusal.Detail, Plugin: refusal.Plugin,
	}
	if refusal.Code == orbit.CodeUnchecked {
		problem.Detail = fmt.Sprintf("the registry does not tell %s: %s; nothing was touched, try again when it answers, or name "+
			"an exact version", question, refusal.Detail)
	}
	return problem
}
