package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// opinion is what orbitd says a planned change costs. It only ever becomes diagnostics: a known value of a plan may not
// depend on it.
type opinion struct {
	result *orbit.PlanResult // nil where orbitd could not be asked
}

// interrupts says whether a warning of a restart is due: not where orbitd knows that nothing runs yet.
func (o opinion) interrupts() bool { return o.result == nil || o.result.Impact.Interrupts() }

// stores says whether orbitd will keep the change for a later restart.
func (o opinion) stores() bool { return o.result != nil && o.result.PendingRestart }

// impact is what orbitd says the change costs, none where it could not be asked.
func (o opinion) impact() orbit.Impact {
	if o.result == nil {
		return orbit.ImpactNone
	}
	return o.result.Impact
}

// reasons are why orbitd says so.
func (o opinion) reasons() []orbit.Reason {
	if o.result == nil {
		return nil
	}
	return o.result.Reasons
}

// askManager has orbitd look at a planned change. What it finds becomes diagnostics. A manager that cannot answer now
// does not stop a plan, because the plan may be the one that starts it; a rejected token does.
func (c *connected) askManager(ctx context.Context, subject, workspace string, request orbit.PlanRequest, where locate,
	diags *diag.Diagnostics,
) opinion {
	result, err := ask(ctx, c.conn, planPatience, func(ctx context.Context, client *orbit.Client) (*orbit.PlanResult, error) {
		return client.Plan(ctx, workspace, request)
	})
	switch {
	case err == nil:
		if request.SecretNames == nil {
			mentionVersion(result.Diagnostics)
		}
		forbidden, others := partition(result.Diagnostics)
		reportForbidden(workspace, forbidden, request.Instance != nil, diags)
		if request.DeletePlugin != "" {
			others = nil // what stays has plans of its own
		}
		summaries, alike := bySummary(subject, others)
		for _, summary := range summaries {
			reportFindings(summary, alike[summary], where, diags)
		}
		return opinion{result}
	case cannotAnswerNow(err):
		warnOfPlanWithout(err, diags)
	default:
		c.reportError("Unable to plan "+subject, err, where, diags)
	}
	return opinion{}
}

// mentionVersion says why a secret can be undefined although the configuration has it.
func mentionVersion(findings []orbit.Diagnostic) {
	for i := range findings {
		if findings[i].Code == orbit.CodeUndefinedSecret {
			findings[i].Message = fullStop(findings[i].Message) + " If secrets_wo has it already, raise " +
				"secrets_wo_version, so that it is sent."
		}
	}
}

// bySummary divides findings by how they are introduced, in the order in which each summary comes up first.
func bySummary(subject string, findings []orbit.Diagnostic) (summaries []string, alike map[string][]orbit.Diagnostic) {
	alike = make(map[string][]orbit.Diagnostic)
	for _, finding := range findings {
		summary := findingSummary(subject, finding)
		if alike[summary] == nil {
			summaries = append(summaries, summary)
		}
		alike[summary] = append(alike[summary], finding)
	}
	return summaries, alike
}

func findingSummary(subject string, finding orbit.Diagnostic) string {
	switch {
	case finding.Severity != orbit.SeverityWarning:
		return "Invalid " + subject
	case finding.Code == orbit.CodeGuestSignIn: // without a name: Terraform counts the others of a development's many instances
		return "Everybody is signed in as a guest"
	case finding.Code == orbit.CodeUnchecked:
		return capital(subject) + " is not fully checked"
	default:
		return capital(subject) + " may not work as planned"
	}
}

// cannotAnswerNow says whether orbitd is away, is starting, or has a fault of its own.
func cannotAnswerNow(err error) bool {
	var problem *orbit.Problem
	if errors.As(err, &problem) {
		return problem.Status >= http.StatusInternalServerError || problem.Status == http.StatusTooManyRequests
	}
	return outOfReach(err)
}
