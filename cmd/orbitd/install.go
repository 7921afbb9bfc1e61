package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
)

func installCommand() *cli.Command {
	return &cli.Command{
		Name:  "install",
		Usage: "install the Backstage release into the cache, as serve does at its first start, and print its folder",
		Flags: []cli.Flag{cacheDirFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			dir, err := manager.Install(ctx, c.String("cache-dir"), func(progress string) {
				_, _ = fmt.Fprintln(os.Stderr, progress)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.Root().Writer, dir)
			return err
		},
	}
}
