package catalog

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// origin is the annotation that says which registered location an entity comes from.
	origin = "backstage.io/managed-by-origin-location"
	// maxSearched is the longest value that a catalog can be asked for; it keeps none of longer ones.
	maxSearched = 200
	// pageSize is how many entities are asked for at a time, and maxPages how often: more than an estate's locations
	// have, and a bound nevertheless.
	pageSize = 500
	maxPages = 40
	// maxTargets is how many locations are asked about at a time.
	maxTargets = 100
	// maxProblems bounds what is told about one location.
	maxProblems = 20
)

// seen is a part of an entity.
type seen struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace   string            `json:"namespace"`
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Status struct {
		Items []struct {
			Level   string `json:"level"`
			Message string `json:"message"`
		} `json:"items"`
	} `json:"status"`
}

// ref is the entity's name as the catalog writes it.
func (s seen) ref() string {
	namespace := s.Metadata.Namespace
	if namespace == "" {
		namespace = "default"
	}
	return strings.ToLower(s.Kind + ":" + namespace + "/" + s.Metadata.Name)
}

// registered is a location as the catalog has it. EntityRef names the entity that stands for it.
type registered struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Target    string `json:"target"`
	EntityRef string `json:"entityRef"`
}

// produced tells about locations what they produced, and what the catalog says against it.
func (c *Catalogs) produced(ctx context.Context, workspace string, locations []registered) ([]orbit.CatalogLocation, error) {
	t := newTally(locations)
	whole := true
	for _, search := range searches(locations) {
		done, err := c.each(ctx, workspace, search, t.note)
		if err != nil {
			return nil, err
		}
		whole = whole && done
	}
	masker, err := c.masker(ctx, workspace)
	if err != nil {
		return nil, err
	}
	for i := range t.locations {
		l := &t.locations[i]
		slices.Sort(l.Entities)
		for n, problem := range l.Problems {
			l.Problems[n] = masker.Mask(problem)
		}
		slices.Sort(l.Problems)
		if !whole {
			l.Problems = append(l.Problems, "the catalog has too many entities to list all of this location's")
		}
	}
	return t.locations, nil
}

// tally sorts entities by the locations that they come from.
type tally struct {
	locations []orbit.CatalogLocation
	byTarget  map[string]*orbit.CatalogLocation
	own       map[string]bool // the refs of the entities that stand for the locations themselves
}

func newTally(locations []registered) *tally {
	t := &tally{
		locations: make([]orbit.CatalogLocation, len(locations)), byTarget: map[string]*orbit.CatalogLocation{}, own: map[string]bool{},
	}
	for i, l := range locations {
		t.locations[i] = orbit.CatalogLocation{ID: l.ID, Target: l.Target, Entities: []string{}}
		t.byTarget[l.Target] = &t.locations[i]
		t.own[strings.ToLower(l.EntityRef)] = true
	}
	return t
}

func (t *tally) note(s seen) {
	target, isURL := strings.CutPrefix(s.Metadata.Annotations[origin], locationType+":")
	l := t.byTarget[target]
	if !isURL || l == nil { // the catalog's search knows no case
		return
	}
	ref := s.ref()
	if !t.own[ref] {
		l.Entities = append(l.Entities, ref)
	}
	for _, item := range s.Status.Items {
		if item.Level == "error" && len(l.Problems) < maxProblems {
			l.Problems = append(l.Problems, ref+": "+clipped(item.Message))
		}
	}
}

// searches are the conditions that find the entities of the locations.
func searches(locations []registered) []any {
	const key = "metadata.annotations." + origin
	type condition = map[string]any
	var all []any
	var values []string
	long := false
	for _, l := range locations {
		if value := locationType + ":" + l.Target; len(value) <= maxSearched {
			values = append(values, value)
		} else {
			long = true
		}
	}
	if long { // all there are: only their annotations tell
		return []any{condition{key: condition{"$exists": true}}}
	}
	for some := range slices.Chunk(values, maxTargets) {
		all = append(all, condition{key: condition{"$in": some}})
	}
	return all
}

// each calls note for every entity that meets the condition; whole is false where there are more than can be looked at.
func (c *Catalogs) each(ctx context.Context, workspace string, condition any, note func(seen)) (whole bool, err error) {
	type body struct {
		Query  any      `json:"query,omitempty"`
		Cursor string   `json:"cursor,omitempty"`
		Fields []string `json:"fields"`
		Limit  int      `json:"limit"`
		Total  string   `json:"totalItems,omitempty"`
	}
	ask := body{
		Query: condition, Limit: pageSize, Total: "exclude",
		Fields: []string{"kind", "metadata.name", "metadata.namespace", "metadata.annotations", "status"},
	}
	for range maxPages {
		var page struct {
			Items    []seen
			PageInfo struct{ NextCursor string }
		}
		err := c.ask(ctx, workspace, question{method: http.MethodPost, path: "/entities/by-query", body: ask}, &page)
		if err != nil {
			return false, notTaken(err, "The entities of workspace "+workspace+" cannot be read")
		}
		for _, entity := range page.Items {
			note(entity)
		}
		if page.PageInfo.NextCursor == "" {
			return true, nil
		}
		ask = body{Cursor: page.PageInfo.NextCursor, Fields: ask.Fields, Limit: pageSize}
	}
	return false, nil
}

// complaint is what the catalog says when it is asked to read the target, without registering it; "" when it can. It is
// for a location of which nothing came. Nothing else tells why: what was never read without a fault is no entity yet.
func (c *Catalogs) complaint(ctx context.Context, workspace, target string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, complaintTimeout)
	defer cancel()
	err := c.ask(ctx, workspace, question{
		method: http.MethodPost, path: "/locations", query: url.Values{"dryRun": {"true"}}, body: location(target),
	}, nil)
	var r *refusal
	if errors.As(err, &r) {
		return r.words, nil
	}
	return "", err
}
