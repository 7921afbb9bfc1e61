package provider

import (
	"context"
	"errors"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// listPage is how many items one request of a list asks for.
const listPage = 100

// errEndless ends a list that would have no end.
var errEndless = errors.New("orbitd gave the same page of a list twice")

// pages ranges over the items of a list and asks orbitd for a page when it is needed. An error ends it.
func pages[T any](limit int, fetch func(orbit.PageOptions) (*orbit.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		options := orbit.PageOptions{Limit: limit}
		for {
			page, err := fetch(options)
			if err == nil && page.Next != "" && page.Next == options.Cursor {
				err = errEndless
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			options.Cursor = page.Next
		}
	}
}

// listed is one result of a list resource, or the error that ends the list.
type listed struct {
	name     string
	identity any
	// workspace is that of the resource, and read makes of an empty one what a read after an import does.
	workspace string
	read      func(context.Context, *tfsdk.Resource) diag.Diagnostics
	err       error
}

// stream hands results to Terraform, as many as it wants; 0 is all. What it does not take is not asked for.
func (c *connected) stream(ctx context.Context, summary string, req list.ListRequest, results iter.Seq[listed]) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		var pushed int64
		for one := range results {
			if one.err != nil {
				var diags diag.Diagnostics
				c.reportError(summary, one.err, inWorkspace, &diags)
				push(list.ListResult{Diagnostics: diags})
				return
			}
			result := req.NewListResult(ctx)
			result.DisplayName = one.name
			result.Diagnostics.Append(result.Identity.Set(ctx, one.identity)...)
			if req.IncludeResource {
				// As an import does, which makes a resource of nulls.
				result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root("workspace"), one.workspace)...)
				result.Diagnostics.Append(one.read(ctx, result.Resource)...)
			}
			if pushed++; !push(result) || pushed == req.Limit {
				return
			}
		}
	}
}

// instances are those that the query selects. One that is being deleted is gone already.
func instances(ctx context.Context, client *orbit.Client, query orbit.InstanceQuery) iter.Seq2[orbit.Instance, error] {
	all := pages(listPage, func(options orbit.PageOptions) (*orbit.Page[orbit.Instance], error) {
		query.PageOptions = options
		return client.ListInstances(ctx, query)
	})
	return func(yield func(orbit.Instance, error) bool) {
		for instance, err := range all {
			if !leaving(&instance) && !yield(instance, err) {
				return
			}
		}
	}
}
