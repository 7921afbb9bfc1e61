package changeplan

import "github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"

// catalogObstacle finds edits of catalog.locations that the running catalog does not take up.
// ConfigLocationEntityProvider listens, but reads type and target alone; the rules of a location are read by
// DefaultCatalogRulesEnforcer when the catalog starts.
func catalogObstacle(before, after appconfig.Document) string {
	path := appconfig.Keys("catalog", "locations")
	for _, value := range []appconfig.Value{before.At(path), after.At(path)} {
		if kind := value.Kind(); kind != appconfig.Missing && kind != appconfig.Sequence {
			return "the catalog can only read a list of locations"
		}
	}
	removed, added, _ := unmatched(before.At(path).Items(), after.At(path).Items(), appconfig.Value.Canonical)
	for _, location := range added {
		if location.Field("type").Text() == "" || location.Field("target").Text() == "" {
			return "a location without a type and a target makes the running catalog overlook the change"
		}
	}
	for _, location := range append(removed, added...) {
		if location.Field("rules").Kind() != appconfig.Missing {
			return "the catalog reads the rules of its locations once, when it starts"
		}
	}
	return ""
}
