package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// sidesKey is where a resource's private state keeps on which side of an instance each of its plugins is, as orbitd said
// last. What a change costs depends on it and is known at plan, so it has to be a part of the prior state: the plan at apply
// finds the same there, whoever answers then.
const sidesKey = "sides"

// sides are told of plugins by package. A package of which nothing is told may be on either.
type sides map[string]changeplan.Side

// toldBy are the sides of what orbitd has.
func toldBy(plugins map[string]orbit.PluginSpec) sides {
	told := make(sides, len(plugins))
	for pkg, plugin := range plugins {
		told[pkg] = changeplan.SideBackend
		if plugin.Frontend {
			told[pkg] = changeplan.SideFrontend
		}
	}
	return told
}

func (s sides) remember(ctx context.Context, private privateState, diags *diag.Diagnostics) {
	keep(ctx, private, sidesKey, s, diags)
}

// recallSides are none where nothing was remembered, as by a provider that did not know of sides.
func recallSides(ctx context.Context, private privateState, diags *diag.Diagnostics) sides {
	encoded, problems := private.GetKey(ctx, sidesKey)
	diags.Append(problems...)
	var told sides
	if json.Unmarshal(encoded, &told) != nil {
		return nil
	}
	return told
}
