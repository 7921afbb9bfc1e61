package changeplan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// LookKind is a way to see that a running Backstage does what its app-config asks for.
type LookKind string

// The kinds of looks.
const (
	// LookRoutes asks whether the proxy has built its routes anew.
	LookRoutes LookKind = "routes"
	// LookRoute asks whether the proxy has the route. Nothing is sent to where it leads.
	LookRoute LookKind = "route"
	// LookNoRoute asks whether the proxy has the route no more.
	LookNoRoute LookKind = "no_route"
	// LookLocations asks whether the catalog keeps the locations that were added, and has let go of those removed.
	LookLocations LookKind = "locations"
	// LookOverrides asks whether the logger treats lines as the overrides have it.
	LookOverrides LookKind = "overrides"
	// LookValue asks which value the next reader gets.
	LookValue LookKind = "value"
)

// Look is a question to a running Backstage that was given another app-config: does it do the new thing?
type Look struct {
	// Path is the part of the app-config whose effect is looked for.
	Path string
	// Kind is how.
	Kind LookKind
	// Route is the proxy's, with LookRoute and LookNoRoute: "/argocd/api".
	Route string
	// Within is how long the effect may take.
	Within time.Duration
}

// How long effects may take. The catalog writes its locations to the database; everything else is done with the
// listeners.
const (
	effectWithin    = time.Second
	locationsWithin = 3 * time.Second
)

// maxRoutes bounds how many routes are asked for one by one. LookRoutes speaks for all.
const maxRoutes = 20

// Looks are the questions that tell whether a process that had the one app-config has taken the other one up, as far as
// it differs in what is live. They are none where nothing live differs.
func Looks(before, after State) []Look {
	old, current := before.marked(), after.marked()
	var looks []Look
	for _, row := range LiveRows() {
		path := appconfig.Keys(row.Pattern...)
		switch {
		case row.Look == LookRoutes:
			if len(looks) == 0 { // the proxy's rows are the first, and one of them speaks for both
				looks = routeLooks(old, current)
			}
		case !appconfig.EqualValues(path, old.At(path), current.At(path)):
			within := effectWithin
			if row.Look == LookLocations {
				within = locationsWithin
			}
			looks = append(looks, Look{Path: path.String(), Kind: row.Look, Within: within})
		}
	}
	return looks
}

// routeLooks are the questions to the proxy: whether the routes were built at all, and each of those that differ.
func routeLooks(before, after appconfig.Document) []Look {
	old, current := endpoints(before), endpoints(after)
	if maps.EqualFunc(old, current, func(a, b appconfig.Value) bool { return appconfig.EqualValues(nil, a, b) }) {
		return nil // at most they were written in another place
	}
	looks := []Look{{Path: "proxy.endpoints", Kind: LookRoutes, Within: effectWithin}}
	for _, route := range slices.Sorted(maps.Keys(current)) {
		endpoint, stays := old[route]
		if len(looks) <= maxRoutes && (!stays || !appconfig.EqualValues(nil, endpoint, current[route])) {
			looks = append(looks, Look{Path: endpointPath(after, route), Kind: LookRoute, Route: route, Within: effectWithin})
		}
	}
	for _, route := range slices.Sorted(maps.Keys(old)) {
		if len(looks) <= maxRoutes && !covered(route, current) {
			looks = append(looks, Look{Path: endpointPath(before, route), Kind: LookNoRoute, Route: route, Within: effectWithin})
		}
	}
	return looks
}

// endpointPath is where the document sets the route.
func endpointPath(document appconfig.Document, route string) string {
	if document.At(appconfig.Keys("proxy", "endpoints")).Kind() != appconfig.Missing {
		return appconfig.Keys("proxy", "endpoints", route).String()
	}
	return appconfig.Keys("proxy", route).String()
}

// covered says whether one of the routes may answer for the given one: itself, one that it lies below, or one with
// placeholders.
func covered(route string, routes map[string]appconfig.Value) bool {
	below := strings.ToLower(strings.TrimSuffix(route, "/")) + "/"
	for other := range routes {
		if strings.ContainsRune(other, ':') || strings.HasPrefix(below, strings.ToLower(strings.TrimSuffix(other, "/"))+"/") {
			return true
		}
	}
	return false
}
