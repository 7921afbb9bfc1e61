package provider

import (
	"cmp"
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
	return append(entityNames(), m.Fields...)
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
	ref, err := refOfEntity(entity)
	if err != nil {
		return entityModel{}, err
	}
	return entityModel{
		Ref: types.StringValue(ref.String()), Kind: types.StringValue(ref.Kind), Namespace: types.StringValue(ref.Namespace),
		Name: types.StringValue(ref.Name), JSON: types.StringValue(string(entity)),
	}, nil
}
