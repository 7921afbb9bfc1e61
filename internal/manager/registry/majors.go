package registry

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// corePackages are patterns of the packages through which plugins and the release's backend talk to each other: what
// one side makes, the other one has to understand.
var corePackages = []string{
	"@backstage/backend-plugin-api", "@backstage/backend-defaults", "@backstage/backend-app-api", "@backstage/plugin-*-node",
	"@backstage/catalog-client", "@backstage/catalog-model", "@backstage/config", "@backstage/errors", "@backstage/integration",
	"@backstage/types",
}

// maxLines bounds what one finding lists.
const maxLines = 3

// secondMajors finds the plugins that bring another major version of a core package than the one that the release runs
// with. Many work nevertheless, because what the two share has changed little, so it is a warning. Majors are compared
// by number: below 1.0.0 every minor version would be one, and plugins would be warned of for nothing.
func secondMajors(lock bundle.Lock, added []bundle.Plugin) []orbit.Diagnostic {
	brought := make(map[string][]string)
	for _, p := range lock.Added() {
		own, has := lock.Find("", p.Name)
		if !has || p.TopLevel() || !isCore(p.Name) || major(own.Version) == major(p.Version) {
			continue
		}
		words := fmt.Sprintf("%s %s, and the release runs with %s", p.Name, p.Version, own.Version)
		for _, plugin := range lock.WantedBy(p.Path) {
			if !slices.Contains(brought[plugin], words) {
				brought[plugin] = append(brought[plugin], words)
			}
		}
	}
	var found []orbit.Diagnostic
	for _, plugin := range added {
		if lines := brought[plugin.Package]; len(lines) > 0 {
			found = append(found, doubt(plugin, orbit.CodeSecondMajor, "it brings another major version of what it shares with "+
				"the release: "+listed(lines)+"; it may work: if it does not, use a version made for this release"))
		}
	}
	return found
}

func isCore(name string) bool {
	return slices.ContainsFunc(corePackages, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}

func major(version string) string {
	number, _, _ := strings.Cut(version, ".")
	return number
}

// listed joins the first lines and counts the others.
func listed(lines []string) string {
	if len(lines) <= maxLines {
		return strings.Join(lines, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(lines[:maxLines], "; "), len(lines)-maxLines)
}
