package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

const preface = `# Proven plugins

<!-- Written by make proven; the list is backstage/proven/packages.txt. -->

Each of these backend plugins and modules was added by itself to Backstage %s, with the smallest app-config that it
starts with, and booted on a real instance: **%d of %d** came up, from %d publishers.

- **Booted** means that Backstage was ready with the package loaded, and named a plugin's id among those initialised. It
  says nothing about the system behind it: hosts and credentials in these app-configs are made up.
- **In the release**: the release has it, so that it is configured and not added.
- **Boot** is the time from the start of the process until requests were served, on an empty database. The machine has two
  cores and had other work, so it says what took long, not how fast it can be.
- **Memory** is what the process held above one with the release alone; below 20 MB either way it is noise.
- Versions are the newest that could be had when this was measured. What the registry lacked then, another may have.

The same as data: [results.json](../backstage/proven/results.json). How to add a package:
[CONTRIBUTING](../CONTRIBUTING.md#prove-a-plugin).

| publisher | package | version | result | boot | memory | app-config, or why not |
|---|---|---|---|---|---|---|
`

// table renders the results of a release for people.
func table(release string, all results) string {
	mine := all.without(func(p backstage.ProvenPackage) bool { return p.Release != release })
	slices.SortStableFunc(mine, func(a, b backstage.ProvenPackage) int {
		return cmp.Or(strings.Compare(a.Publisher(), b.Publisher()), strings.Compare(a.Package, b.Package))
	})
	booted, publishers := 0, map[string]bool{}
	var rows strings.Builder
	for _, p := range mine {
		if p.Booted {
			booted++
			publishers[p.Publisher()] = true
		}
		rows.WriteString(row(p))
	}
	return fmt.Sprintf(preface, release, booted, len(mine), len(publishers)) + rows.String()
}

func row(p backstage.ProvenPackage) string {
	name := "`" + p.Package + "`"
	if len(p.With) > 0 {
		name += " with `" + strings.Join(p.With, "`, `") + "`"
	}
	result, boot, memory, note := "**failed**", "", "", p.Reason
	if p.Booted {
		result = "booted"
		boot, memory = fmt.Sprintf("%.1f s", p.BootSeconds), fmt.Sprintf("%+d MB", int(math.Round(p.AddedMB)))
		note = keys(p.Config)
	}
	if p.InRelease {
		result += ", in the release"
	}
	cells := []string{cmp.Or(p.Publisher(), "(none)"), name, cmp.Or(p.Version, "none"), result, boot, memory, note}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// keys are the paths that an app-config sets.
func keys(config json.RawMessage) string {
	d, _ := appconfig.Parse(string(config)) // written by this program from one that parsed
	var paths []string
	d.Walk(func(path appconfig.Path, value appconfig.Value) bool {
		for range value.Fields() {
			return true
		}
		if len(value.Items()) > 0 {
			return true
		}
		paths = append(paths, "`"+path.String()+"`")
		return false
	})
	return strings.Join(paths, ", ")
}
