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
		"list_resource_schemas":      all(schemas.ListResourceSchemas, schema),
		"action_schemas":             all(schemas.ActionSchemas, action),
		"functions":                  all(schemas.Functions, function),
		"resource_identity_schemas":  all(identities.IdentitySchemas, identity),
	}}}
	return json.Marshal(document)
}
