package declare

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Conflicts returns a conflicting_paths for each path that two of the workspace's plugins set to different values. Each
// message names both plugins and the resources that declare them: the instance, where inMap says that its plugins map
// has the package, or an orbit_backstage_plugin. The workspace is "" where it is not known.
func Conflicts(workspace string, fragments map[string]appconfig.Document, inMap func(name string) bool) []orbit.Diagnostic {
	return appconfig.Conflicts(fragments, func(name string) string {
		switch {
		case inMap(name) && workspace == "":
			return name + " (in plugins of orbit_backstage_instance)"
		case inMap(name):
			return name + " (in plugins of orbit_backstage_instance, id " + workspace + ")"
		}
		return name + " (orbit_backstage_plugin, id " + workspace + "/" + name + ")"
	})
}

// All is the inMap of Conflicts where every plugin is the instance's own.
func All(string) bool { return true }
