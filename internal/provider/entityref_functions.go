package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/entityref"
)

// parseRefFunction is parse_entity_ref.
type parseRefFunction struct{}

func newParseRefFunction() function.Function { return parseRefFunction{} }

func (parseRefFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_entity_ref"
}

func (parseRefFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Take a reference to a catalog entity apart",
		MarkdownDescription: "Takes a reference to an entity of the catalog apart, by Backstage's own rules: `kind:namespace/name` or " +
			"`kind:name`, which is in the namespace `default`. The parts keep their upper and lower case, which makes no " +
			"difference to the catalog.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "ref", MarkdownDescription: "The reference, `component:default/payments` for example.",
		}},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"kind": types.StringType, "namespace": types.StringType, "name": types.StringType,
		}},
	}
}

func (parseRefFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	ref, err := entityref.Parse(text)
	if err != nil {
		resp.Error = argumentError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, struct {
		Kind      string `tfsdk:"kind"`
		Namespace string `tfsdk:"namespace"`
		Name      string `tfsdk:"name"`
	}{ref.Kind, ref.Namespace, ref.Name})
}

// formatRefFunction is format_entity_ref. Its parameter is dynamic, since no attribute of an object type may be left out
// in Terraform, and a namespace often is.
type formatRefFunction struct{}

func newFormatRefFunction() function.Function { return formatRefFunction{} }

func (formatRefFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "format_entity_ref"
}

func (formatRefFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Write a reference to a catalog entity",
		MarkdownDescription: "Writes the reference to an entity of the catalog as Backstage does, `kind:namespace/name` in lower case. That is " +
			"the form in which the catalog compares references.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "entity",
			MarkdownDescription: "An object with `kind`, `name` and, where it is not `default`, `namespace`, such as `parse_entity_ref` " +
				"gives. An entity itself will do too: `yamldecode(file(\"catalog-info.yaml\"))`.",
		}},
		Return: function.StringReturn{},
	}
}

func (formatRefFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var entity types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &entity); resp.Error != nil {
		return
	}
	if unknownRef(entity) {
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
		return
	}
	ref, err := refOf(entity.UnderlyingValue())
	var text string
	if err == nil {
		text, err = entityref.Format(ref)
	}
	if err != nil {
		resp.Error = argumentError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// unknownRef says whether a part of a reference, or what has it, is known only after apply. Terraform asks for no function
// then; OpenTofu does where the argument as a whole is known.
func unknownRef(value attr.Value) bool {
	fields := fieldsOf(value)
	for _, name := range []string{"kind", "namespace", "name", "metadata"} {
		field, has := fields[name]
		if has && (field.IsUnknown() || name == "metadata" && unknownRef(field)) {
			return true
		}
	}
	return value.IsUnknown()
}

// refOf reads the parts of a reference from an object or map that has them, or from an entity.
func refOf(value attr.Value) (entityref.Ref, error) {
	fields := fieldsOf(value)
	if fields == nil {
		return entityref.Ref{}, fmt.Errorf("the entity is no object: give one with kind, namespace and name")
	}
	named := fields
	if metadata, ok := fields["metadata"]; ok {
		named = fieldsOf(metadata)
	}
	var ref entityref.Ref
	for _, part := range []struct {
		name string
		from map[string]attr.Value
		to   *string
	}{{"kind", fields, &ref.Kind}, {"namespace", named, &ref.Namespace}, {"name", named, &ref.Name}} {
		switch text := part.from[part.name].(type) {
		case nil:
		case types.String:
			*part.to = text.ValueString()
		default:
			if !text.IsNull() {
				return entityref.Ref{}, fmt.Errorf("the entity's %s is no string", part.name)
			}
		}
	}
	return ref, nil
}

func fieldsOf(value attr.Value) map[string]attr.Value {
	switch value := value.(type) {
	case types.Object:
		return value.Attributes()
	case types.Map:
		return value.Elements()
	case types.Dynamic:
		return fieldsOf(value.UnderlyingValue())
	default:
		return nil
	}
}
