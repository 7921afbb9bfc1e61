package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// allLabels are the default labels of the provider with the resource's own over them: what labels_all plans. It is a pure
// function of the two, and as much of it is known as they are.
func allLabels(defaults, own types.Map) types.Map {
	if defaults.IsUnknown() || own.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	all := map[string]attr.Value{}
	maps.Copy(all, defaults.Elements())
	maps.Copy(all, own.Elements())
	return types.MapValueMust(types.StringType, all)
}

// knownLabels are those whose values are known; nil where there are none.
func knownLabels(labels types.Map) map[string]string {
	var known map[string]string
	for name, element := range labels.Elements() {
		if text, isText := element.(types.String); isText && !text.IsUnknown() && !text.IsNull() {
			if known == nil {
				known = make(map[string]string, len(labels.Elements()))
			}
			known[name] = text.ValueString()
		}
	}
	return known
}

// ownLabels are those of a read instance that stand in labels: the ones that are there already, with the values of now, and
// those that do not come from the default labels, so that what somebody else sets is drift. A default label is one that
// the provider has now, or had when labels_all was last written.
func ownLabels(read map[string]string, defaults, own, all types.Map) types.Map {
	now, before := knownLabels(defaults), knownLabels(all)
	shown := map[string]string{}
	for name, value := range read {
		_, isOwn := own.Elements()[name]
		byDefault, isDefault := now[name]
		written, wasDefault := before[name]
		if isOwn || !(isDefault && byDefault == value) && !(wasDefault && written == value) {
			shown[name] = value
		}
	}
	return adoptTexts(own, shown)
}

// planLabels plans all labels. None at all stays what the state has for it, which one of an earlier version has as null.
func (m *instanceModel) planLabels(defaults types.Map, state *instanceModel, creating bool) {
	m.LabelsAll = allLabels(defaults, m.Labels)
	none := !m.LabelsAll.IsUnknown() && len(m.LabelsAll.Elements()) == 0
	if !creating && none && len(state.LabelsAll.Elements()) == 0 {
		m.LabelsAll = state.LabelsAll
	}
}
