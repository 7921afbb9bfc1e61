// schemadoc runs a program with one more argument: a file with the provider's schema, as `terraform providers schema
// -json` writes it. tfplugindocs makes the documentation from that. No Terraform is needed, and an older one on the PATH
// would leave out what it does not know, such as identities.
//
//	schemadoc PROGRAM [ARGUMENT ...]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

// address is the one that tfplugindocs looks for.
const address = "registry.terraform.io/hashicorp/orbit"

type object = map[string]any

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemadoc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command []string) error {
	if len(command) == 0 {
		return errors.New("usage: schemadoc PROGRAM [ARGUMENT ...]")
	}
	document, err := describe(ctx)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "schemadoc-")
	if err != nil {
		return fmt.Errorf("make a folder for the schema: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "schema.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	program := exec.CommandContext(ctx, command[0], append(command[1:], file)...) //nolint:gosec // running it is the point
	if output, err := program.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", strings.Join(command, " "), err, output)
	}
	return nil
}

// describe returns the provider's schema as JSON.
func describe(ctx context.Context) ([]byte, error) {
	server := providerserver.NewProtocol6(provider.New("docs")())()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("get the provider's schema: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("get the identities' schemas: %w", err)
	}
	document := object{"format_version": "1.0", "provider_schemas": object{address: object{
		"provider":                   schema(schemas.Provider),
		"resource_schemas":           all(schemas.ResourceSchemas, schema),
		"data_source_schemas":        all(schemas.DataSourceSchemas, schema),
		"ephemeral_resource_schemas": all(schemas.EphemeralResourceSchemas, schema),
		"resource_identity_schemas":  all(identities.IdentitySchemas, identity),
	}}}
	return json.Marshal(document)
}

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
