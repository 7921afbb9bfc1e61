package main

import (
	"context"
	"encoding/json"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
)

func openAPICommand() *cli.Command {
	return &cli.Command{
		Name:  "openapi",
		Usage: "print the OpenAPI 3.1 document of the API",
		Action: func(_ context.Context, c *cli.Command) error {
			document, err := httpapi.OpenAPI() //nolint:contextcheck // requests bring theirs
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(c.Root().Writer)
			encoder.SetIndent("", "  ")
			return encoder.Encode(json.RawMessage(document))
		},
	}
}
