package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// InstanceFilter selects instances; all that is given has to hold.
type InstanceFilter struct {
	Label []string    `query:"label,explode" maxItems:"64" doc:"A label that it has to have, as name=value; may be given several times." example:"team=payments"`
	Phase orbit.Phase `query:"phase" enum:"Provisioning,Ready,Updating,Failed,Deleting" doc:"The phase that it has to be in."`
}

// labels are the filter's labels by name. One that no instance can have is a problem and not an empty list.
func (f InstanceFilter) labels() (map[string]string, error) {
	labels := make(map[string]string, len(f.Label))
	for _, label := range f.Label {
		name, value, found := strings.Cut(label, "=")
		before, twice := labels[name]
		switch {
		case !found:
			return nil, badFilter(fmt.Sprintf("label is %q, it has to be a name and a value: label=team=payments", label))
		case twice && before != value:
			return nil, badFilter(fmt.Sprintf("label %s cannot have both the value %q and %q", name, before, value))
		}
		labels[name] = value
	}
	if findings := declare.Labels(labels); len(findings) > 0 {
		return nil, badFilter(findings[0].Message)
	}
	return labels, nil
}

func badFilter(detail string) *orbit.Problem {
	return &orbit.Problem{
		Status: http.StatusUnprocessableEntity, Code: orbit.CodeInvalidRequest, Title: "Unable to list instances", Detail: detail,
	}
}
