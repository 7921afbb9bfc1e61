package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// mergeFunction is merge_app_config.
type mergeFunction struct{}

func newMergeFunction() function.Function { return mergeFunction{} }

func (mergeFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "merge_app_config"
}

func (mergeFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Lay app-config documents over each other",
		MarkdownDescription: "Lays app-config documents over each other, the later over the earlier, exactly as orbitd lays the " +
			"plugins' documents over the instance's and Backstage the files it is given: mappings are merged key by key, " +
			"everything else replaces, lists as a whole, and a `null` removes the key.\n\n" +
			"The result is JSON, because Terraform shows a change in it key by key. Its keys are sorted, except where their " +
			"order means something, so that documents that mean the same give the same text, and no change. References such " +
			"as `${NAME}` stay as they are. Keys that orbitd sets itself stay too; the instance that is given the result says " +
			"that they have to go.",
		VariadicParameter: function.StringParameter{
			Name: "documents", AllowNullValue: true,
			MarkdownDescription: "App-config documents as YAML or JSON, the most general first. One that is empty or null sets nothing.",
		},
		Return: function.StringReturn{},
	}
}

func (mergeFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var texts []*string
	if resp.Error = req.Arguments.Get(ctx, &texts); resp.Error != nil {
		return
	}
	layers := make([]appconfig.Document, len(texts))
	for i, text := range texts {
		if text == nil {
			continue
		}
		var problem *function.FuncError
		layers[i], problem = readDocument(i, *text)
		resp.Error = function.ConcatFuncErrors(resp.Error, problem)
	}
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, string(appconfig.Merge(layers...).Canonical()))
	}
}
