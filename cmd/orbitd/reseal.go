package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
)

// resealTimeout bounds the whole of orbitd reseal.
const resealTimeout = 5 * time.Minute

func resealCommand() *cli.Command {
	return &cli.Command{
		Name: "reseal",
		Usage: "seal all stored secrets with a new key, while the orbitd of the data directory is stopped; instances run on. " +
			"The sealing key flags name the present key",
		Flags: append(coreFlags(), &cli.StringFlag{
			Name: "new-sealing-key-file", Sources: cli.EnvVars("ORBIT_NEW_SEALING_KEY_FILE"),
			Usage: "file with the new key (default: a new one is made, where the present one is sealing.key in the data directory)",
		}),
		Action: func(ctx context.Context, c *cli.Command) error {
			o, err := options(c, os.Stderr)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, resealTimeout)
			defer cancel()
			return manager.Reseal(ctx, o, c.String("new-sealing-key-file"), func(what string) {
				_, _ = fmt.Fprintln(c.Root().Writer, what)
			})
		},
	}
}
