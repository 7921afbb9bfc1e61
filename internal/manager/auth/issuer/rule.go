package issuer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

// claims are what a token says. Values are what JSON has: texts, numbers, truths, lists and objects.
type claims map[string]any

// decide returns what the first rule that matches makes of a token. The error names claims, and none of their values.
func decide(rules []rule, of claims) (auth.Principal, error) {
	var misses []string
	for i, r := range rules {
		failed := r.misses(of)
		if len(failed) > 0 {
			misses = append(misses, fmt.Sprintf("rule %d fails at %s", i+1, strings.Join(failed, ", ")))
			continue
		}
		workspace, err := r.workspace(of)
		if err != nil {
			return auth.Principal{}, fmt.Errorf("rule %d matches, but %w", i+1, err)
		}
		return auth.Principal{Role: r.Role, Workspace: workspace}, nil
	}
	return auth.Principal{}, fmt.Errorf("its claims match no rule: %s", strings.Join(misses, "; "))
}

// misses are the claims that do not match the rule's patterns, sorted.
func (r rule) misses(of claims) []string {
	var failed []string
	for name, pattern := range r.patterns {
		if !slices.ContainsFunc(texts(of.get(name)), pattern.MatchString) {
			failed = append(failed, name)
		}
	}
	slices.Sort(failed)
	return failed
}

// workspace is what the rule limits the token to, "" for nothing.
func (r rule) workspace(of claims) (string, error) {
	if r.WorkspaceFrom == "" {
		return r.Workspace, nil
	}
	value, ok := of.get(r.WorkspaceFrom).(string)
	if !ok {
		return "", fmt.Errorf("the claim %s, which is to name the workspace, is missing or no text", r.WorkspaceFrom)
	}
	name, found := strings.CutPrefix(value, r.StripPrefix)
	if !found {
		return "", fmt.Errorf("the claim %s, which is to name the workspace, does not begin with %q", r.WorkspaceFrom, r.StripPrefix)
	}
	if len(declare.Workspace(name)) > 0 {
		return "", fmt.Errorf("the claim %s names no workspace: those are DNS labels, lower-case letters, digits and hyphens", r.WorkspaceFrom)
	}
	return name, nil
}

// get returns the claim of the name. One that is inside another has the outer one's name and a dot in front; names that
// have dots themselves are found too. It is nil where there is none.
func (c claims) get(name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	for at := range name {
		if name[at] != '.' {
			continue
		}
		if inner, ok := c[name[:at]].(map[string]any); ok {
			if value := claims(inner).get(name[at+1:]); value != nil {
				return value
			}
		}
	}
	return nil
}

// texts are what a pattern may match of a claim's value: one of a list is enough.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case bool:
		return []string{strconv.FormatBool(value)}
	case float64:
		return []string{strconv.FormatFloat(value, 'f', -1, 64)}
	case []any:
		var all []string
		for _, element := range value {
			if text, ok := element.(string); ok {
				all = append(all, text)
			}
		}
		return all
	default:
		return nil
	}
}

// compile makes an expression of a pattern, in which * stands for any characters, also none.
func compile(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `\z`)
}
