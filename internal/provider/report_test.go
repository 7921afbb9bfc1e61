package provider

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestAFindingThatIsTheCauseIsToldOnce(t *testing.T) {
	t.Parallel()
	cause := orbit.Diagnostic{Code: orbit.CodeModuleWithoutPlugin, Severity: orbit.SeverityError, Plugin: "@acme/m", Message: "it has no plugin"}
	doubt := orbit.Diagnostic{Code: orbit.CodeDeprecated, Severity: orbit.SeverityWarning, Plugin: "@acme/m", Message: "it is old"}
	text := describeProblem(&orbit.Problem{Code: cause.Code, Detail: cause.String(), Diagnostics: []orbit.Diagnostic{cause, doubt}})
	if strings.Count(text, "it has no plugin") != 1 || !strings.Contains(text, "- @acme/m: it is old") {
		t.Errorf("a problem is told as %q", text)
	}
}
