package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
)

// restartTimeout bounds the whole of orbitd restart: a newer orbitd may have a release to install.
const restartTimeout = 20 * time.Minute

func restartCommand() *cli.Command {
	return &cli.Command{
		Name: "restart",
		Usage: "replace the orbitd of the data directory by one that its program's file starts now, with the same flags; " +
			"no connection is refused, and when the new one fails the old one serves on",
		Action: func(ctx context.Context, c *cli.Command) error {
			ctx, cancel := context.WithTimeout(ctx, restartTimeout)
			defer cancel()
			h, err := manager.Restart(ctx, c.String("data-dir"))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Root().Writer, "orbitd restarted: pid %d took over from %d; requests to the API waited %s at most\n",
				h.To, h.From, h.Waited.Round(time.Millisecond))
			return err
		},
	}
}
