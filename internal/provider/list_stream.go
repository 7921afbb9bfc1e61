package provider

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// listed is one result of a list resource, or an error.
type listed struct {
	name     string
	identity any
	// workspace is that of the resource, and read makes of an empty one what a read after an import does.
	workspace string
	read      func(context.Context, *tfsdk.Resource) diag.Diagnostics
	// err ends the list, unless missed says what is left out for it.
	err    error
	missed string
}

// stream hands results to Terraform, as many as it wants; 0 is all. What it does not take is not asked for.
func (c *connected) stream(ctx context.Context, summary string, req list.ListRequest, results iter.Seq[listed]) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		var pushed int64
		for one := range results {
			if one.missed != "" {
				warning := diag.NewWarningDiagnostic(one.missed, sentence(one.err.Error()))
				if !push(list.ListResult{Diagnostics: diag.Diagnostics{warning}}) {
					return
				}
				continue
			}
			if one.err != nil {
				var diags diag.Diagnostics
				c.reportAt(workspaceAttribute, summary, one.err, &diags)
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
	all := pages(func(options orbit.PageOptions) (*orbit.Page[orbit.Instance], error) {
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
