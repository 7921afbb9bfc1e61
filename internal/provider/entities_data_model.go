package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// entitiesDataModel is the data source orbit_backstage_catalog_entities.
type entitiesDataModel struct {
	Workspace types.String  `tfsdk:"workspace"`
	Filters   []string      `tfsdk:"filters"`
	Fields    []string      `tfsdk:"fields"`
	Limit     types.Int64   `tfsdk:"limit"`
	Truncated types.Bool    `tfsdk:"truncated"`
	Refs      []string      `tfsdk:"refs"`
	Entities  []entityModel `tfsdk:"entities"`
}

// entityModel is one entity of a catalog.
type entityModel struct {
	Ref       types.String `tfsdk:"ref"`
	Kind      types.String `tfsdk:"kind"`
	Namespace types.String `tfsdk:"namespace"`
	Name      types.String `tfsdk:"name"`
	JSON      types.String `tfsdk:"json"`
}

func (m *entitiesDataModel) limit() int {
	return int(cmp.Or(m.Limit.ValueInt64(), defaultEntities))
}

// fields are the wanted parts with those that name an entity; none is all.
func (m *entitiesDataModel) fields() []string {
	if len(m.Fields) == 0 {
		return nil
	}
	return append([]string{"kind", "metadata.namespace", "metadata.name"}, m.Fields...)
}

// adopt takes over what the catalog has, sorted, so that its order is no change.
func (m *entitiesDataModel) adopt(entities []orbit.Entity, more bool) error {
	m.Truncated = types.BoolValue(more)
	m.Entities, m.Refs = make([]entityModel, len(entities)), make([]string, len(entities))
	for i, entity := range entities {
		model, err := newEntityModel(entity)
		if err != nil {
			return err
		}
		m.Entities[i] = model
	}
	slices.SortFunc(m.Entities, func(a, b entityModel) int { return strings.Compare(a.Ref.ValueString(), b.Ref.ValueString()) })
	for i, entity := range m.Entities {
		m.Refs[i] = entity.Ref.ValueString()
	}
	return nil
}

func newEntityModel(entity orbit.Entity) (entityModel, error) {
	var parts struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(entity, &parts); err != nil {
		return entityModel{}, fmt.Errorf("read an entity: %w", err)
	}
	namespace := cmp.Or(parts.Metadata.Namespace, "default")
	return entityModel{
		Ref:  types.StringValue(strings.ToLower(parts.Kind + ":" + namespace + "/" + parts.Metadata.Name)),
		Kind: types.StringValue(parts.Kind), Namespace: types.StringValue(namespace), Name: types.StringValue(parts.Metadata.Name),
		JSON: types.StringValue(string(entity)),
	}, nil
}
