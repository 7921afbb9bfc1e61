package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
)

// stopTimeout bounds the whole of orbitd stop.
const stopTimeout = 2 * time.Minute

func stopCommand() *cli.Command {
	return &cli.Command{
		Name:  "stop",
		Usage: "end the orbitd of the data directory, and with --all the instances and PostgreSQL too; what is declared stays",
		Flags: append(coreFlags(), &cli.BoolFlag{Name: "all", Usage: "stop the instances, then the embedded PostgreSQL"}),
		Action: func(ctx context.Context, c *cli.Command) error {
			o, err := options(c, io.Discard)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, stopTimeout)
			defer cancel()
			return manager.Stop(ctx, o, c.Bool("all"), func(what string) { _, _ = fmt.Fprintln(c.Root().Writer, what) })
		},
	}
}
