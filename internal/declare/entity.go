package declare

import (
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/entityref"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// EntityRef checks a reference to an entity of a catalog: kind:namespace/name.
func EntityRef(text string) []orbit.Diagnostic {
	if _, err := entityref.Parse(text); err != nil {
		return problem(orbit.CodeInvalidRequest, "", "%v", err)
	}
	return nil
}

// EntityFilter checks a filter of a catalog's entities, kind=component,spec.type=service for example. One without any
// condition is refused too: the catalog takes it for none, which selects everything.
func EntityFilter(text string) []orbit.Diagnostic {
	conditions := 0
	for condition := range strings.SplitSeq(text, ",") {
		condition = strings.TrimSpace(condition)
		if condition == "" {
			continue
		}
		if key, _, _ := strings.Cut(condition, "="); strings.TrimSpace(key) == "" {
			return problem(orbit.CodeInvalidRequest, "", "the condition %q of the filter has no key: write it as kind=component, or "+
				"as metadata.annotations.x where any value will do", condition)
		}
		conditions++
	}
	if conditions == 0 {
		return problem(orbit.CodeInvalidRequest, "", "the filter %q has no condition, so it would select every entity: write conditions "+
			"such as kind=component,spec.type=service", text)
	}
	return nil
}
