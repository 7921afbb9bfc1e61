package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func tokenCommand() *cli.Command {
	flags := func(more ...cli.Flag) []cli.Flag {
		return append(more, &cli.StringFlag{
			Name: "endpoint", Sources: cli.EnvVars("ORBIT_ENDPOINT"), Value: orbit.DefaultEndpoint, Usage: "base URL of the API of the orbitd that runs",
		})
	}
	workspace := &cli.StringFlag{Name: "workspace", Usage: "the workspace that the token is limited to; without it, all"}
	return &cli.Command{
		Name:  "token",
		Usage: "make, list and revoke tokens of the API of the orbitd that runs, signed in with the token of its data directory",
		Commands: []*cli.Command{
			{
				Name: "create", Usage: "make a token and print it, alone; nobody can read it later",
				Flags: flags(
					&cli.StringFlag{Name: "role", Required: true, Usage: "admin, workspace_admin (of one workspace) or reader"},
					workspace,
					&cli.StringFlag{Name: "description", Usage: "what it is for"},
					&cli.DurationFlag{Name: "lifetime", Usage: "how long until it ends by itself, as 720h; without it, when it is revoked"},
				),
				Action: createToken,
			},
			{Name: "ls", Usage: "list the tokens, the oldest first", Flags: flags(workspace), Action: listTokens},
			{Name: "revoke", ArgsUsage: "ID...", Usage: "end tokens at once", Flags: flags(), Action: revokeTokens},
		},
	}
}

// rootClient signs in to the API with the token of the data directory.
func rootClient(c *cli.Command) (*orbit.Client, error) {
	dataDir := c.String("data-dir")
	if dataDir == "" {
		var err error
		if dataDir, err = manager.DefaultDataDir(); err != nil {
			return nil, err
		}
	}
	content, err := os.ReadFile(manager.TokenFile(dataDir))
	if err != nil {
		return nil, fmt.Errorf("read the API token: %w; name orbitd's data directory with --data-dir, and run this as orbitd's user", err)
	}
	return orbit.NewClient(orbit.ClientOptions{
		Endpoint: c.String("endpoint"), Token: strings.TrimSpace(string(content)), UserAgent: "orbitd/" + fullVersion(),
	})
}

func createToken(ctx context.Context, c *cli.Command) error {
	client, err := rootClient(c)
	if err != nil {
		return err
	}
	lifetime := c.Duration("lifetime")
	if lifetime < 0 || lifetime%time.Second != 0 {
		return fmt.Errorf("--lifetime is %s: use whole seconds, as in 720h", lifetime)
	}
	token, err := client.CreateToken(ctx, c.String("workspace"), orbit.TokenWrite{
		Role: orbit.Role(c.String("role")), Description: c.String("description"), LifetimeSeconds: int64(lifetime / time.Second),
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.Root().ErrWriter, "token %s: %s of %s\n", token.ID, token.Role, tokenWorkspace(token))
	_, err = fmt.Fprintln(c.Root().Writer, token.Secret)
	return err
}

func listTokens(ctx context.Context, c *cli.Command) error {
	client, err := rootClient(c)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.Root().Writer, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tROLE\tWORKSPACE\tMADE\tBY\tENDS\tUSED\tDESCRIPTION")
	for options := (orbit.PageOptions{}); ; {
		page, err := client.ListTokens(ctx, c.String("workspace"), options)
		if err != nil {
			return err
		}
		for _, t := range page.Items {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Role, tokenWorkspace(&t), day(t.CreatedAt), t.CreatedBy,
				dayOrNever(t.ExpiresAt), dayOrNever(t.LastUsedAt), t.Description)
		}
		if options.Cursor = page.Next; page.Next == "" {
			return w.Flush()
		}
	}
}

func revokeTokens(ctx context.Context, c *cli.Command) error {
	client, err := rootClient(c)
	if err != nil {
		return err
	}
	if c.Args().Len() == 0 {
		return errors.New("name the tokens to revoke by their ids; orbitd token ls shows them")
	}
	for _, id := range c.Args().Slice() {
		if err := client.RevokeToken(ctx, "", id); err != nil {
			return fmt.Errorf("revoke token %s: %w", id, err)
		}
		_, _ = fmt.Fprintf(c.Root().Writer, "revoked %s\n", id)
	}
	return nil
}

func tokenWorkspace(t *orbit.Token) string {
	if t.Workspace == "" {
		return "all"
	}
	return t.Workspace
}

func dayOrNever(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return day(*at)
}
