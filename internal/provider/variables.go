package provider

import (
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
// not all known.
func (m *instanceModel) definedNames() (secrets, all declare.Names) {
	names, known := secretNames(m.Secrets)
	// A version without secrets is what an import writes: those that are stored stay, and orbitd alone knows their names.
	if stored := m.Secrets.IsNull() && !m.SecretsVersion.IsNull(); !known || stored {
		return nil, nil
	}
	secrets = names
	if m.Variables.IsUnknown() {
		return secrets, nil
	}
	values, _ := m.variables()
	return secrets, secrets.With(values)
}

// adoptTexts keeps an empty map where there is none, which means the same.
func adoptTexts(known types.Map, texts map[string]string) types.Map {
	if len(texts) > 0 {
		return textsValue(texts)
	}
	if !known.IsNull() && !known.IsUnknown() && len(known.Elements()) == 0 {
		return known
	}
	return types.MapNull(types.StringType)
}

// textsValue is a map as a state has it.
func textsValue(texts map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(texts))
	for name, text := range texts {
		elements[name] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, elements)
}

// entryOf is the attribute of a variable or label that a finding is about, or all of them.
func entryOf(finding orbit.Diagnostic) (path.Path, bool) {
	if finding.Code != orbit.CodeDuplicateName && finding.Code != orbit.CodeInvalidRequest {
		return path.Empty(), false // the app-config can have such a path too
	}
	at, err := appconfig.ParsePath(finding.Path)
	if err != nil || len(at) == 0 || len(at) > 2 {
		return path.Empty(), false
	}
	attribute, isKey := at[0].Key()
	if !isKey || attribute != "variables" && attribute != "labels" {
		return path.Empty(), false
	}
	if len(at) == 1 {
		return path.Root(attribute), true
	}
	name, isKey := at[1].Key()
	return path.Root(attribute).AtMapKey(name), isKey
}
