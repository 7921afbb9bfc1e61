package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

func bundleCommand() *cli.Command {
	flags := func(more ...cli.Flag) []cli.Flag {
		return append([]cli.Flag{cacheDirFlag(), &cli.BoolFlag{Name: "json", Usage: "print a JSON array"}}, more...)
	}
	return &cli.Command{
		Name:  "bundle",
		Usage: "look after what is installed in the cache: the packages of a release's backend or web app, or these with a set of plugins, each",
		Commands: []*cli.Command{
			{
				Name: "ls", Usage: "list the bundles, the most recently used first",
				Description: "An orbitd notes every hour which bundles it uses. OWN is what removing a bundle frees: it shares the\n" +
					"rest with others by hard links. PROCESSES run from the bundle now, as far as this user may see.",
				Flags: flags(), Action: listBundles,
			},
			{
				Name: "verify", ArgsUsage: "[HASH...]",
				Usage: "compare the files of bundles, all where none is named, with what was installed; exit code 1 if any differs",
				Flags: flags(), Action: verifyBundles,
			},
			{
				Name: "gc", Usage: "remove the bundles that no orbitd of the cache used for a time",
				Flags: flags(
					&cli.BoolFlag{Name: "dry-run", Usage: "only list them"},
					&cli.DurationFlag{Name: "older-than", Value: manager.DefaultBundleRetention, Usage: "that time"},
					&cli.BoolFlag{Name: "force", Usage: fmt.Sprintf(
						"allow less than %s: sure only where no orbitd uses the cache", bundle.MinRetention)},
				),
				Action: collectBundles,
			},
		},
	}
}

func listBundles(ctx context.Context, c *cli.Command) error {
	store, releases, err := manager.Bundles(c.String("cache-dir"))
	if err != nil {
		return err
	}
	list, err := store.List(ctx, releases...)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c.Root().Writer, list)
	}
	w := tabwriter.NewWriter(c.Root().Writer, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "HASH\tSET\tRELEASE\tSIZE\tOWN\tMADE\tUSED\tPROCESSES\tPLUGINS")
	for _, b := range list {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", b.Hash, b.Set, b.Release, mebibytes(b.Bytes), mebibytes(b.OwnBytes),
			day(b.Made), day(b.Used), b.Processes, strings.Join(b.Plugins, " "))
	}
	return w.Flush()
}

func verifyBundles(ctx context.Context, c *cli.Command) error {
	store, _, err := manager.Bundles(c.String("cache-dir"))
	if err != nil {
		return err
	}
	hashes := c.Args().Slice()
	if len(hashes) == 0 {
		list, err := store.Hashes()
		if err != nil {
			return err
		}
		hashes = list
	}
	found, err := store.Verify(ctx, hashes...)
	if err != nil {
		return err
	}
	whole := true
	for _, v := range found {
		whole = whole && len(v.Damage) == 0
	}
	if c.Bool("json") {
		err = printJSON(c.Root().Writer, found)
	} else {
		err = printVerifications(c.Root().Writer, found)
	}
	if err == nil && !whole {
		return cli.Exit("", 1)
	}
	return err
}

func printVerifications(to io.Writer, found []bundle.Verification) error {
	var b strings.Builder
	for _, v := range found {
		switch {
		case v.Unknown:
			fmt.Fprintf(&b, "%s: %d files noted; there was nothing yet to compare them with\n", v.Hash, v.Files)
		case len(v.Damage) == 0:
			fmt.Fprintf(&b, "%s: %d files as installed\n", v.Hash, v.Files)
		default:
			fmt.Fprintf(&b, "%s: %d of %d files differ from what was installed; stop what runs from it and remove its folder, "+
				"and orbitd installs it again\n", v.Hash, len(v.Damage), v.Files)
		}
		for _, d := range v.Damage {
			fmt.Fprintf(&b, "  %s: %s\n", d.Kind, d.Path)
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func collectBundles(ctx context.Context, c *cli.Command) error {
	unused := c.Duration("older-than")
	if unused < bundle.MinRetention && !c.Bool("force") && !c.Bool("dry-run") {
		return fmt.Errorf("--older-than is %s: an orbitd notes only every hour what it uses, and one that is stopped for a "+
			"moment notes nothing, so %s is the least; where no orbitd uses the cache, add --force", unused, bundle.MinRetention)
	}
	store, _, err := manager.Bundles(c.String("cache-dir"))
	if err != nil {
		return err
	}
	collected, err := store.Collect(ctx, unused, c.Bool("dry-run"))
	if c.Bool("json") {
		if printed := printJSON(c.Root().Writer, collected); printed != nil {
			return printed
		}
		return err
	}
	verb := "removed"
	if c.Bool("dry-run") {
		verb = "would remove"
	}
	var freed int64
	for _, g := range collected {
		freed += g.Bytes
		_, _ = fmt.Fprintf(c.Root().Writer, "%s %s, last used %s, %s\n", verb, g.Hash, day(g.Used), mebibytes(g.Bytes))
	}
	_, _ = fmt.Fprintf(c.Root().Writer, "%s %d, %s\n", verb, len(collected), mebibytes(freed))
	return err
}

func printJSON(to io.Writer, value any) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20) }

func day(at time.Time) string { return at.Format("2006-01-02 15:04") }
