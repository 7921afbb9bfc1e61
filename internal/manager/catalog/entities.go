package catalog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Entities returns one page of the entities that the query selects. Its cursor is the catalog's own, which has the
// filters in it.
func (c *Catalogs) Entities(ctx context.Context, workspace string, query orbit.EntityQuery) (orbit.Page[orbit.Entity], error) {
	none := orbit.Page[orbit.Entity]{}
	ctx, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return none, err
	}
	defer leave()
	values := url.Values{"limit": {strconv.Itoa(query.Limit)}}
	if len(query.Fields) > 0 {
		values.Set("fields", strings.Join(query.Fields, ","))
	}
	if query.Cursor != "" {
		values.Set("cursor", query.Cursor)
	} else {
		values["filter"] = query.Filters
	}
	var page struct {
		Items    []orbit.Entity
		PageInfo struct{ NextCursor string }
	}
	err = c.ask(ctx, workspace, question{method: http.MethodGet, path: "/entities/by-query", query: values}, &page)
	if err != nil {
		return none, notTaken(err, "The entities of workspace "+workspace+" cannot be listed")
	}
	if len(page.Items) > query.Limit { // a page is what was asked for, whatever comes
		return none, c.unavailable(ctx, workspace, "its answer is not what a catalog says")
	}
	if page.Items == nil {
		page.Items = []orbit.Entity{}
	}
	return orbit.Page[orbit.Entity]{Items: page.Items, Next: page.PageInfo.NextCursor}, nil
}

// entityRef is kind:namespace/name. What is in its parts is the catalog's to judge.
var entityRef = regexp.MustCompile(`^[^:/\s]+:[^:/\s]+/[^:/\s]+$`)

// Refresh has the catalog read an entity again from where it comes. It returns when that is scheduled.
func (c *Catalogs) Refresh(ctx context.Context, workspace, ref string) error {
	if !entityRef.MatchString(ref) {
		return &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "Not an entity ref", Pointer: "/entity_ref",
			Detail: fmt.Sprintf("%q is not of the form kind:namespace/name, as in component:default/payments", clipped(ref)),
		}
	}
	ctx, leave, err := c.enter(ctx, workspace)
	if err != nil {
		return err
	}
	defer leave()
	body := map[string]string{"entityRef": strings.ToLower(ref)}
	err = c.ask(ctx, workspace, question{method: http.MethodPost, path: "/refresh", body: body}, nil)
	return notTaken(err, "The entity "+ref+" of workspace "+workspace+" cannot be refreshed")
}
