package declare

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// MaxLabels is how many labels an instance may have.
const MaxLabels = 64

// The bounds of Kubernetes' labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/.
const (
	maxLabelPart   = 63
	maxLabelPrefix = 253
)

var (
	labelPart   = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	labelPrefix = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$`)
)

// Labels returns invalid_request for each label whose name or value is none that a label of Kubernetes may have, and for
// more than MaxLabels of them.
func Labels(labels map[string]string) []orbit.Diagnostic {
	var diagnostics []orbit.Diagnostic
	if len(labels) > MaxLabels {
		diagnostics = problem(orbit.CodeInvalidRequest, "labels", "there are %d labels, at most %d are allowed", len(labels), MaxLabels)
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		path := appconfig.Keys("labels", name).String()
		if why := labelName(name); why != "" {
			diagnostics = append(diagnostics, problem(orbit.CodeInvalidRequest, path, "%q is not the name of a label: %s", name, why)...)
		}
		if why := labelText(labels[name]); labels[name] != "" && why != "" {
			diagnostics = append(diagnostics, problem(orbit.CodeInvalidRequest, path,
				"label %s cannot have the value %q: %s, or leave it empty", name, labels[name], why)...)
		}
	}
	return diagnostics
}

// labelName says what is wrong with a name, which may have a prefix; "" is nothing.
func labelName(name string) string {
	prefix, rest, prefixed := strings.Cut(name, "/")
	switch {
	case !prefixed:
		return labelText(name)
	case len(prefix) > maxLabelPrefix:
		return fmt.Sprintf("the prefix before the slash has %d characters, at most %d are allowed", len(prefix), maxLabelPrefix)
	case !labelPrefix.MatchString(prefix):
		return "the prefix before the slash has to be a DNS name in lower case, as in example.com/team"
	default:
		return labelText(rest)
	}
}

// labelText says what is wrong with a value, or with a name without its prefix; "" is nothing.
func labelText(text string) string {
	switch {
	case len(text) > maxLabelPart:
		return fmt.Sprintf("it has %d characters, at most %d are allowed", len(text), maxLabelPart)
	case !labelPart.MatchString(text):
		return "use letters, digits, hyphens, dots and underscores, with a letter or digit at both ends"
	default:
		return ""
	}
}
