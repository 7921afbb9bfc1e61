package main

import "github.com/hashicorp/terraform-plugin-go/tfprotov6"

// What stands here is written as Terraform's own command/jsonprovider writes it.

type object = map[string]any

func all[T any](items map[string]T, convert func(T) object) object {
	converted := object{}
	for name, item := range items {
		converted[name] = convert(item)
	}
	return converted
}

func schema(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": object{
		"attributes":       attributes(s.Block.Attributes),
		"description":      s.Block.Description,
		"description_kind": kind(s.Block.DescriptionKind),
	}}
}

func attributes(items []*tfprotov6.SchemaAttribute) object {
	converted := object{}
	for _, item := range items {
		attribute := object{"description": item.Description, "description_kind": kind(item.DescriptionKind)}
		for name, set := range map[string]bool{
			"required": item.Required, "optional": item.Optional, "computed": item.Computed,
			"sensitive": item.Sensitive, "write_only": item.WriteOnly, "deprecated": item.Deprecated,
		} {
			if set {
				attribute[name] = true
			}
		}
		if item.NestedType != nil {
			attribute["nested_type"] = object{
				"attributes":   attributes(item.NestedType.Attributes),
				"nesting_mode": nesting(item.NestedType.Nesting),
			}
		} else {
			attribute["type"] = item.Type
		}
		converted[item.Name] = attribute
	}
	return converted
}

func action(s *tfprotov6.ActionSchema) object {
	return object{"block": schema(s.Schema)["block"]}
}

func function(f *tfprotov6.Function) object {
	converted := object{"description": f.Description, "summary": f.Summary, "return_type": f.Return.Type}
	var parameters []object
	for _, item := range f.Parameters {
		parameters = append(parameters, parameter(item))
	}
	if parameters != nil {
		converted["parameters"] = parameters
	}
	if f.VariadicParameter != nil {
		converted["variadic_parameter"] = parameter(f.VariadicParameter)
	}
	return converted
}

func parameter(p *tfprotov6.FunctionParameter) object {
	converted := object{"name": p.Name, "description": p.Description, "type": p.Type}
	if p.AllowNullValue {
		converted["is_nullable"] = true
	}
	return converted
}

func identity(s *tfprotov6.ResourceIdentitySchema) object {
	converted := object{}
	for _, item := range s.IdentityAttributes {
		attribute := object{"type": item.Type, "description": item.Description}
		if item.RequiredForImport {
			attribute["required_for_import"] = true
		}
		if item.OptionalForImport {
			attribute["optional_for_import"] = true
		}
		converted[item.Name] = attribute
	}
	return object{"version": s.Version, "attributes": converted}
}

func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

func nesting(mode tfprotov6.SchemaObjectNestingMode) string {
	switch mode {
	case tfprotov6.SchemaObjectNestingModeList:
		return "list"
	case tfprotov6.SchemaObjectNestingModeSet:
		return "set"
	case tfprotov6.SchemaObjectNestingModeMap:
		return "map"
	default:
		return "single"
	}
}
