package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// putBack is what is left of an update that failed.
const putBack = "orbitd put it back as it was, and what ran before still serves. The next plan shows the same change again."

// reportFindings shows the errors at each attribute, and all warnings, in one diagnostic: Terraform repeats the attribute's
// whole text for every error, and of several warnings with one summary it shows the first alone.
func reportFindings(summary string, findings []orbit.Diagnostic, where locate, diags *diag.Diagnostics) {
	var all []shown
	for _, finding := range findings {
		attribute, ok := where(finding)
		if !ok {
			attribute = path.Empty()
		}
		detail := findingDetail(summary, finding, ok)
		warning := finding.Severity == orbit.SeverityWarning
		i := slices.IndexFunc(all, func(s shown) bool {
			return s.warning == warning && (warning || s.attribute.Equal(attribute))
		})
		if i < 0 {
			all = append(all, shown{warning, attribute, []string{detail}})
			continue
		}
		all[i].details = append(all[i].details, detail)
		if !all[i].attribute.Equal(attribute) {
			all[i].attribute = path.Empty()
		}
	}
	for _, s := range all {
		diags.Append(s.diagnostic(summary))
	}
}

// shown is what is shown in one diagnostic.
type shown struct {
	warning   bool
	attribute path.Path // empty where there is none to blame
	details   []string
}

func (s shown) diagnostic(summary string) diag.Diagnostic {
	detail := s.details[0]
	if len(s.details) > 1 {
		detail = "- " + strings.Join(s.details, "\n- ")
	}
	var d diag.Diagnostic = diag.NewErrorDiagnostic(summary, detail)
	if s.warning {
		d = diag.NewWarningDiagnostic(summary, detail)
	}
	if s.attribute.Equal(path.Empty()) {
		return d
	}
	return diag.WithPath(s.attribute, d)
}

// findingDetail is what a finding says, with its place in front. It names the plugin where the summary does not, also
// where the message does: the package whose schema speaks need not be the one whose document is meant.
func findingDetail(summary string, finding orbit.Diagnostic, located bool) string {
	finding.Message = inTerraform(finding)
	document := "config"
	if !located && finding.Plugin == "" {
		document = "the instance's config"
	}
	detail := describeFinding(finding, document)
	if strings.Contains(summary, finding.Plugin) || finding.Line == 0 && strings.Contains(detail, finding.Plugin) {
		return sentence(detail)
	}
	return "Plugin " + finding.Plugin + ": " + fullStop(detail)
}

// reportError shows why a call did not succeed. A problem that lists findings shows each at its attribute.
func (c *connected) reportError(summary string, err error, where locate, diags *diag.Diagnostics) {
	var problem *orbit.Problem
	switch {
	case errors.Is(err, context.Canceled):
		diags.AddError(summary, "The run was interrupted.")
		return
	case !errors.As(err, &problem):
		diags.AddError(summary, sentence(err.Error()))
		return
	case problem.Code == orbit.CodeUnauthorized:
		where := "Its token is in the file token of its data directory."
		if c.conn.token.from == hcpOwnToken || c.conn.token.from == hcpToken {
			where = "orbitd has to trust HCP Terraform as an issuer, for the audience that the workspace's run asks for."
		}
		diags.AddError(summary, joinParagraphs("orbitd at "+c.conn.endpoint+" does not accept the token from "+
			c.conn.token.String()+". "+where, sentence(problem.Detail), requestLine(problem)))
		return
	case problem.Code == orbit.CodeForbidden:
		diags.AddError(summary, joinParagraphs("orbitd at "+c.conn.endpoint+" does not let the token from "+
			c.conn.token.String()+" do this. "+sentence(problem.Detail), requestLine(problem)))
		return
	case problem.Code == orbit.CodeRestartForbidden, problem.Code == orbit.CodeImpactExceeded:
		// The detail says that nothing was touched, and what to do; findings would say the reasons again.
		diags.AddError(summary, joinParagraphs(sentence(problem.Detail), describeReasons(problem.Reasons), requestLine(problem)))
		return
	}
	if orbit.HasErrors(problem.Diagnostics) && len(problem.LogTail) == 0 {
		findings := make([]orbit.Diagnostic, len(problem.Diagnostics))
		for i, finding := range problem.Diagnostics {
			if i == len(findings)-1 {
				finding.Message = joinParagraphs(fullStop(inTerraform(finding)), requestLine(problem))
			}
			findings[i] = finding
		}
		reportFindings(summary, findings, where, diags)
		return
	}
	diags.AddError(summary, describeProblem(problem))
}

// reportAt shows a problem at the attribute that the table has for its code, and else as reportError does.
func (c *connected) reportAt(attributes map[orbit.Code]string, summary string, err error, diags *diag.Diagnostics) {
	var problem *orbit.Problem
	if errors.As(err, &problem) && attributes[problem.Code] != "" {
		diags.AddAttributeError(path.Root(attributes[problem.Code]), summary, describeProblem(problem))
		return
	}
	c.reportError(summary, err, nowhere, diags)
}

// reportFailure shows why a change that was accepted failed. What is left of it is said by the caller.
func reportFailure(summary string, change *orbit.Change, aftermath string, diags *diag.Diagnostics) {
	diags.AddError(summary, describeFailure(change, aftermath))
}

func describeFailure(change *orbit.Change, aftermath string) string {
	problem := problemOf(change)
	var advice string
	if problem.Code == orbit.CodeBootTimeout && change.Operation != "" {
		timeout := string(change.Operation)
		if change.Operation == orbit.OperationRestart {
			timeout = invokeTimeout
		}
		advice = "If it only needs more time, raise timeouts." + timeout + "."
	}
	trace := "Change " + change.ID + "."
	if change.RequestID != "" {
		trace = "Change " + change.ID + ", made by request " + change.RequestID + " in orbitd's log."
	}
	return joinParagraphs(describeProblem(problem), advice, aftermath, trace)
}

// inTerraform is a finding's message with the name that a thing of the API has in Terraform.
func inTerraform(finding orbit.Diagnostic) string {
	if finding.Code != orbit.CodeUndefinedSecret || strings.Contains(finding.Message, "secrets_wo") {
		return finding.Message
	}
	return fullStop(finding.Message) + " The secrets of an orbit_backstage_instance are its secrets_wo."
}

// describeFinding is a finding with its place in the document in front.
func describeFinding(finding orbit.Diagnostic, document string) string {
	var place []string
	if finding.Line > 0 {
		place = append(place, fmt.Sprintf("line %d, column %d of %s", finding.Line, finding.Column, document))
	}
	if finding.Path != "" && !strings.Contains(finding.Message, finding.Path) {
		place = append(place, finding.Path)
	}
	if len(place) == 0 {
		return finding.Message
	}
	return strings.Join(place, ", ") + ": " + finding.Message
}

// describeProblem is everything a problem tells: cause, plugin, findings, reasons, the log's tail, the request.
func describeProblem(problem *orbit.Problem) string {
	cause := problem.Detail
	if cause == "" {
		cause = problem.Title
	}
	paragraphs := []string{sentence(cause)}
	if problem.Plugin != "" && !strings.Contains(cause, problem.Plugin) {
		paragraphs = append(paragraphs, "Plugin at fault: "+problem.Plugin)
	}
	if len(problem.Reasons) > 0 {
		paragraphs = append(paragraphs, describeReasons(problem.Reasons))
	}
	var lines []string
	for _, finding := range problem.Diagnostics {
		if !strings.Contains(cause, finding.String()) {
			lines = append(lines, "- "+finding.String())
		}
	}
	paragraphs = append(paragraphs, strings.Join(lines, "\n"))
	if len(problem.LogTail) > 0 {
		paragraphs = append(paragraphs, "The end of the process's log:\n  "+strings.Join(problem.LogTail, "\n  "))
	}
	return joinParagraphs(append(paragraphs, requestLine(problem))...)
}

func requestLine(problem *orbit.Problem) string {
	switch {
	case problem.RequestID == "":
		return ""
	case problem.Code == "": // not orbitd's answer
		return "Request " + problem.RequestID + "."
	default:
		return "Request " + problem.RequestID + " in orbitd's log."
	}
}

func describeReasons(reasons []orbit.Reason) string {
	lines := make([]string, len(reasons))
	for i, reason := range reasons {
		lines[i] = "- " + reason.String()
	}
	return strings.Join(lines, "\n")
}

func joinParagraphs(paragraphs ...string) string {
	var kept []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			kept = append(kept, paragraph)
		}
	}
	return strings.Join(kept, "\n\n")
}

// sentence makes a Go error's text one for people.
func sentence(text string) string { return fullStop(capital(text)) }

// capital leaves names as they are written.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if word, _, _ := strings.Cut(text, " "); word != "orbitd" && !strings.ContainsAny(word, "._/@[$") {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	return text
}

func fullStop(text string) string {
	if text == "" || strings.ContainsRune(".!?:\n", rune(text[len(text)-1])) {
		return text
	}
	return text + "."
}
