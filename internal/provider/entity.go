package provider

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/entityref"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// entityNames are the parts of an entity that name it.
func entityNames() []string { return []string{"kind", "metadata.namespace", "metadata.name"} }

// refOfEntity is what names an entity of a catalog, in its own upper and lower case.
func refOfEntity(entity orbit.Entity) (entityref.Ref, error) {
	var parts struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(entity, &parts); err != nil {
		return entityref.Ref{}, fmt.Errorf("read an entity: %w", err)
	}
	return entityref.Ref{
		Kind: parts.Kind, Namespace: cmp.Or(parts.Metadata.Namespace, entityref.DefaultNamespace), Name: parts.Metadata.Name,
	}, nil
}
