package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// impactFunction is change_impact.
type impactFunction struct{}

func newImpactFunction() function.Function { return impactFunction{} }

func (impactFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "change_impact"
}

func (impactFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Tell what a change of an app-config costs",
		MarkdownDescription: "Tells what it costs an instance that runs when its app-config changes from one document to another, by the " +
			"rules that its plan goes by, and without asking orbitd. `impact` is `none`, `live` (the running process takes " +
			"it in) or `restart`; `reasons` has an object with `path`, `impact` and `because` for each path that changed.\n\n" +
			"It compares the two documents and nothing else. An instance's own plan also knows its plugins, secrets and variables, so " +
			"a restart policy of the instance decides better than a condition on this.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "before", AllowNullValue: true,
				MarkdownDescription: "The app-config that runs, as YAML or JSON. Null is the empty one.",
			},
			function.StringParameter{
				Name: "after", AllowNullValue: true,
				MarkdownDescription: "The app-config that is to run, as YAML or JSON. Null is the empty one.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"impact": types.StringType, "reasons": types.ListType{ElemType: reasonType},
		}},
	}
}

func (impactFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var before, after types.String
	if resp.Error = req.Arguments.Get(ctx, &before, &after); resp.Error != nil {
		return
	}
	for i, text := range []types.String{before, after} {
		_, problem := readDocument(i, text.ValueString())
		resp.Error = function.ConcatFuncErrors(resp.Error, problem)
	}
	if resp.Error != nil {
		return
	}
	running := orbit.InstanceSpec{Config: before.ValueString(), MemoryLimitMiB: orbit.DefaultMemoryLimitMiB}
	next := running
	next.Config = after.ValueString()
	decision := decideInstance(&running, next, nil, nil)
	resp.Error = resp.Result.Set(ctx, struct {
		Impact  string        `tfsdk:"impact"`
		Reasons []reasonModel `tfsdk:"reasons"`
	}{string(decision.Impact), newReasonModels(decision.Reasons)})
}
