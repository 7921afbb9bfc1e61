package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// variables are the instance's plain values by name, "" for one that is unknown; known is false where one is, or the map
// itself.
func (m *instanceModel) variables() (values map[string]string, known bool) {
	known = !m.Variables.IsUnknown()
	for name, element := range m.Variables.Elements() {
		text, isText := element.(types.String)
		if values == nil {
			values = make(map[string]string, len(m.Variables.Elements()))
		}
		values[name], known = text.ValueString(), known && isText && !text.IsUnknown()
	}
	return values, known
}

// definedNames are the secrets and, beside them, all names that the instance's documents may refer to; nil where they are
// not all known. A version without secrets, as a query writes it, stands for those that orbitd has.
func (m *instanceModel) definedNames() (secrets, all declare.Names) {
	names, known := secretNames(m.Secrets)
	if !known || m.Secrets.IsNull() && !m.SecretsVersion.IsNull() {
		return nil, nil
	}
	secrets = names
	if m.Variables.IsUnknown() {
		return secrets, nil
	}
	values, _ := m.variables()
	return secrets, secrets.With(values)
}

// adoptVariables keeps an empty map where there is none, which means the same.
func adoptVariables(known types.Map, variables map[string]string) types.Map {
	if len(variables) == 0 {
		if !known.IsNull() && !known.IsUnknown() && len(known.Elements()) == 0 {
			return known
		}
		return types.MapNull(types.StringType)
	}
	elements := make(map[string]attr.Value, len(variables))
	for name, value := range variables {
		elements[name] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, elements)
}

// variableOf is the attribute of a variable that a finding is about.
func variableOf(finding orbit.Diagnostic) (path.Path, bool) {
	if finding.Code != orbit.CodeDuplicateName && finding.Code != orbit.CodeInvalidRequest {
		return path.Empty(), false // the app-config can have such a path too
	}
	at, err := appconfig.ParsePath(finding.Path)
	if err != nil || len(at) != 2 || !slices.Equal(at[:1], appconfig.Keys("variables")) {
		return path.Empty(), false
	}
	name, isKey := at[1].Key()
	return path.Root("variables").AtMapKey(name), isKey
}
