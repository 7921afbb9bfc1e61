package changeplan

import (
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// loggerObstacle finds overrides that orbitd's host refuses: the running process keeps its old ones then, and no
// other process would start.
func loggerObstacle(_, after appconfig.Document) string {
	const unreadable = "an override that cannot be read makes the running logger overlook the change"
	overrides := after.At(appconfig.Keys("backend", "logger", "overrides"))
	if kind := overrides.Kind(); kind != appconfig.Missing && kind != appconfig.Sequence {
		return unreadable
	}
	for _, override := range overrides.Items() {
		if !slices.Contains(hostLevels, override.Field("level").Text()) || override.Field("matchers").Kind() != appconfig.Mapping {
			return unreadable
		}
	}
	return ""
}
