package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The exit codes of plan, besides 0.
const (
	exitProblems = 1 // the change has problems of severity error
	exitUsage    = 2 // the arguments are wrong, or a file cannot be read
)

// unknownImpact stands for the impact where a document cannot be read.
const unknownImpact orbit.Impact = "unknown"

func planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "say what a change of an instance's app-config and plugins would cost, without a server",
		Description: `Compares two states of an instance and prints the impact, the reasons and the problems: what the
Terraform provider shows at plan, as far as the documents alone tell.

A list of plugins is comma-separated. Each part is PACKAGE@VERSION, exact or a range of npm's, or
PACKAGE@VERSION=FILE with the plugin's own app-config in FILE, or the name of a file with one of
these a line; lines that begin with # are comments, and files named in it are relative to it.

Exit code: 0 the change can be made, whatever it costs; 1 it has problems of severity error; 2 the
arguments are wrong or a file cannot be read.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "before", Required: true, Usage: "file with the app-config as it is"},
			&cli.StringFlag{Name: "after", Required: true, Usage: "file with the app-config as it is to be"},
			&cli.StringFlag{Name: "plugins-before", Usage: "list of the plugins as they are"},
			&cli.StringFlag{Name: "plugins-after", Usage: "list of the plugins as they are to be"},
			&cli.StringFlag{
				Name:  "secrets",
				Usage: "comma-separated names of the secrets and variables that are defined; without it every reference is taken as defined",
			},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object with impact, reasons and problems"},
		},
		OnUsageError: func(_ context.Context, _ *cli.Command, err error, _ bool) error { return cli.Exit(err, exitUsage) },
		Action: func(_ context.Context, c *cli.Command) error {
			plan, err := readPlan(c)
			if err != nil {
				return cli.Exit(err, exitUsage)
			}
			if err := plan.print(c.Root().Writer, c.Bool("json")); err != nil {
				return err
			}
			for _, problem := range plan.Problems {
				if problem.Severity == orbit.SeverityError {
					return cli.Exit("", exitProblems)
				}
			}
			return nil
		},
	}
}

// plan is the answer, as --json prints it.
type plan struct {
	Impact   orbit.Impact  `json:"impact"`
	Reasons  []planReason  `json:"reasons"`
	Problems []planProblem `json:"problems"`
}

type planReason struct {
	Path    string       `json:"path"`
	Impact  orbit.Impact `json:"impact"`
	Because string       `json:"because"`
}

type planProblem struct {
	Code     orbit.Code     `json:"code"`
	Path     string         `json:"path"`
	Severity orbit.Severity `json:"severity"`
	Message  string         `json:"message"`
}

// readPlan reads the files that the flags name and decides.
func readPlan(c *cli.Command) (plan, error) {
	if c.Args().Len() > 0 {
		return plan{}, fmt.Errorf("there is no argument %q, only flags", c.Args().First())
	}
	before, err := readSpec(c.String("before"), c.String("plugins-before"))
	if err != nil {
		return plan{}, err
	}
	after, err := readSpec(c.String("after"), c.String("plugins-after"))
	if err != nil {
		return plan{}, err
	}
	return decide(before, after, secretNames(c)), nil
}

// secretNames are the defined secrets, nil where nobody says.
func secretNames(c *cli.Command) declare.Names {
	if !c.IsSet("secrets") {
		return nil
	}
	names := declare.Names{}
	for name := range strings.SplitSeq(c.String("secrets"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func decide(before, after orbit.InstanceSpec, secrets declare.Names) plan {
	var tokens map[string]string
	if secrets != nil {
		tokens = changeplan.SecretTokens(1, secrets)
	}
	old, unreadable := changeplan.FromSpec(before, tokens)
	for i := range unreadable {
		unreadable[i].Message = "the state before: " + unreadable[i].Message
	}
	current, alsoUnreadable := changeplan.FromSpec(after, tokens)
	unreadable = append(unreadable, alsoUnreadable...)
	answer := plan{Impact: unknownImpact, Reasons: []planReason{}, Problems: []planProblem{}}
	if orbit.HasErrors(unreadable) {
		answer.report(unreadable)
		return answer
	}
	decision := changeplan.Decide(old, current)
	answer.Impact = decision.Impact
	for _, reason := range decision.Reasons {
		answer.Reasons = append(answer.Reasons, planReason{reason.Path, reason.Impact, reason.Because})
	}
	answer.report(problems(after, current, secrets))
	return answer
}

// problems are those of the state after the change.
func problems(spec orbit.InstanceSpec, state changeplan.State, secrets declare.Names) []orbit.Diagnostic {
	diagnostics := declare.Document(spec.Config, secrets)
	for _, name := range slices.Sorted(maps.Keys(spec.Plugins)) {
		alone := declare.Plugin(name, spec.Plugins[name], secrets)
		if version := spec.Plugins[name].Version; !orbit.HasErrors(alone) && declare.IsRange(version) {
			alone = append(alone, orbit.Diagnostic{
				Code: orbit.CodeUnchecked, Severity: orbit.SeverityWarning, Path: "version", Plugin: name,
				Message: version + " is a range, which counts here as a version of its own: orbitd alone knows which one it means",
			})
		}
		diagnostics = append(diagnostics, alone...)
	}
	diagnostics = append(diagnostics, declare.Conflicts("", state.Fragments(), declare.All)...)
	return append(diagnostics, changeplan.Problems(state)...)
}

func (p *plan) report(diagnostics []orbit.Diagnostic) {
	for _, d := range diagnostics {
		message := d.Message
		if d.Plugin != "" {
			message = d.Plugin + ": " + message
		}
		if d.Line > 0 {
			message += fmt.Sprintf(" (line %d, column %d)", d.Line, d.Column)
		}
		p.Problems = append(p.Problems, planProblem{d.Code, d.Path, d.Severity, message})
	}
}

func (p *plan) print(to io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(to)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(p)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "impact: %s\n", p.Impact)
	for _, reason := range p.Reasons {
		fmt.Fprintf(&b, "  %s: %s, because %s\n", reason.Path, reason.Impact, reason.Because)
	}
	for _, problem := range p.Problems {
		place := ""
		if problem.Path != "" {
			place = problem.Path + ": "
		}
		fmt.Fprintf(&b, "%s: %s%s [%s]\n", problem.Severity, place, problem.Message, problem.Code)
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// planRelease is the release that both states run.
func planRelease() string { return backstage.Default().Version }
