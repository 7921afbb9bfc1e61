package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/entityref"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// progressSteps bounds how often the refresh of many entities tells how far it is.
const progressSteps = 20

// catalogRefresh has a catalog read entities again.
type catalogRefresh struct {
	client    *orbit.Client
	workspace string
	tell      func(string)
}

// refusal is why the catalog does not read an entity again.
type refusal struct {
	ref string
	err error
}

// run refreshes the named entities and those that the filters select, total in all. The refused ones stop no other.
func (r *catalogRefresh) run(ctx context.Context, named, filters []string) (refused []refusal, total int, err error) {
	// The instance is asked for first: what is not found later is an entity.
	if _, err := r.client.GetInstance(ctx, r.workspace); err != nil {
		return nil, 0, err
	}
	refs, err := r.refs(ctx, named, filters)
	if err != nil {
		return nil, 0, err
	}
	for i, ref := range refs {
		err := r.client.RefreshCatalog(ctx, r.workspace, orbit.CatalogRefresh{EntityRef: ref})
		switch {
		case orbit.IsNotFound(err), orbit.HasCode(err, orbit.CodeCatalogRefused):
			refused = append(refused, refusal{ref, err})
		case err != nil:
			return nil, 0, err
		}
		if done := i + 1; done*progressSteps/len(refs) > i*progressSteps/len(refs) {
			r.tell(fmt.Sprintf("%d of %d entities of %s are scheduled to be read again: %s", done-len(refused), len(refs), r.workspace, ref))
		}
	}
	return refused, len(refs), nil
}

// refs are the entities to refresh, each once, the named ones first.
func (r *catalogRefresh) refs(ctx context.Context, named, filters []string) ([]string, error) {
	var refs []string
	for _, text := range named {
		ref, err := entityref.Parse(text)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref.String())
	}
	if len(filters) == 0 {
		return unique(refs), nil
	}
	query := orbit.EntityQuery{Filters: filters, Fields: entityNames()}
	fetch := func(options orbit.PageOptions) (*orbit.Page[orbit.Entity], error) {
		query.PageOptions = options
		return r.client.ListCatalogEntities(ctx, r.workspace, query)
	}
	for entity, err := range pages(fetch) {
		if err != nil {
			return nil, err
		}
		ref, err := refOfEntity(entity)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref.String())
	}
	return unique(refs), nil
}

// unique leaves each text where it is first.
func unique(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	return slices.DeleteFunc(texts, func(text string) bool {
		again := seen[text]
		seen[text] = true
		return again
	})
}

// describeRefused tells which entities were not refreshed, and why.
func describeRefused(refused []refusal, total int) string {
	const most = 10
	text := fmt.Sprintf("The catalog does not read %d of %d entities again:\n", len(refused), total)
	for _, r := range refused[:min(most, len(refused))] {
		why := r.err.Error()
		var problem *orbit.Problem
		if errors.As(r.err, &problem) && problem.Detail != "" {
			why = problem.Detail
		}
		text += "- " + r.ref + ": " + fullStop(why) + "\n"
	}
	if more := len(refused) - most; more > 0 {
		text += fmt.Sprintf("- and %d more.\n", more)
	}
	if len(refused) < total {
		text += "\nThe others were scheduled."
	}
	return text
}
