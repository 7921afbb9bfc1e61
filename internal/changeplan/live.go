package changeplan

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// LiveRow is one thing that a running Backstage takes up when its app-config changes.
type LiveRow struct {
	Pattern Pattern
	// Package is the one that listens.
	Package string
	// Since is the oldest release for which the row was checked.
	Since string
	// Why is a sentence for the user, without a full stop.
	Why string
	// Proof names the test that holds the row against a real Backstage.
	Proof string
	// obstacle says why an edit below the pattern is not taken up, or only by half; "" when it is. Listened-to trees
	// contain keys that nobody reads again, and edits that work in one direction only.
	obstacle func(before, after appconfig.Document) string
}

// LiveRows is the table of what is live, and for which edits.
//
// All listeners are registered whether or not their path is set when the process starts, so adding the first entry and
// removing the last one are live too. They are told of every change but one: Backstage compares old and new config with
// lodash's isEqual, for which the order of keys means nothing.
func LiveRows() []LiveRow {
	const proxy = "@backstage/plugin-proxy-backend"
	const endpoints = "the proxy builds its routes anew whenever its endpoints change"
	return []LiveRow{
		// The routes that a module adds in code are lost when the proxy builds its routes anew. No module of the
		// release adds any.
		{Pattern{"proxy", "endpoints"}, proxy, "1.55.0", endpoints, "TestLiveProxyEndpoints", proxyObstacle},
		// The deprecated form, which is read where proxy.endpoints is not set.
		{Pattern{"proxy", "/*"}, proxy, "1.55.0", endpoints, "TestLiveProxyEndpoints", proxyObstacle},
		{Pattern{"catalog", "locations"}, "@backstage/plugin-catalog-backend", "1.55.0",
			"the catalog takes up its locations whenever they change", "TestLiveCatalogLocations", catalogObstacle},
		{Pattern{"backend", "logger", "overrides"}, "@backstage/backend-defaults", "1.55.0",
			"the logger takes up its overrides whenever they change", "TestLiveLoggerOverrides", loggerObstacle},
	}
}

// StartRow is a path that a process reads when it starts and never again.
type StartRow struct {
	Pattern Pattern
	// Why is a sentence for the user, without a full stop.
	Why string
}

// StartRows says in words why paths cost a restart, the more special before the more general.
func StartRows() []StartRow {
	return []StartRow{
		{Pattern{"auth", "providers"}, "the auth backend builds its sign-in providers once, when it starts"},
		{Pattern{"auth"}, "the auth backend reads most of its settings once, when it starts"},
		{Pattern{"backend", "auth", "externalAccess"}, "the backend reads who may call it from outside once, when it starts"},
		{Pattern{"backend", "auth"}, "the backend reads how callers prove who they are once, when it starts"},
		{Pattern{"backend", "cache"}, "the backend connects to its cache once, when it starts"},
		{Pattern{"backend", "cors"}, "the HTTP router reads its CORS settings once, when it starts"},
		{Pattern{"backend", "csp"}, "the HTTP router reads its content security policy once, when it starts"},
		{Pattern{"backend", "health"}, "the health check reads its headers once, when the process starts"},
		{Pattern{"backend", "lifecycle"}, "the backend reads its lifecycle settings once, when it starts"},
		{Pattern{"backend", "logger", "level"}, "the logger reads its level once, when the process starts"},
		{Pattern{"backend", "logger", "meta"}, "the logger reads its fields once, when the process starts"},
		{Pattern{"backend", "rateLimit"}, "the HTTP router reads its rate limits once, when it starts"},
		{Pattern{"backend", "reading"}, "the hosts that the backend may read from are fixed when it starts"},
		{Pattern{"catalog", "rules"}, "the catalog reads which kinds it allows once, when it starts"},
		{Pattern{"discovery", "endpoints"}, "parts of the process keep the addresses that they asked for when it started"},
		{Pattern{"proxy", "reviveConsumedRequestBodies"}, "the proxy reads this setting once, when it starts"},
		{Pattern{"proxy", "skipInvalidProxies"}, "the proxy reads this setting once, when it starts"},
	}
}

// startReason says why a path costs a restart.
func startReason(path appconfig.Path) string {
	for _, row := range StartRows() {
		if matches(row.Pattern, path) {
			return row.Why
		}
	}
	return "nothing is known to take up a change of it while the process runs"
}

// unordered says whether a change is one of order alone in a list whose order means nothing: the catalog reads every
// location, and a rule allows whatever the others say.
func unordered(change appconfig.Change) bool {
	path := change.Path.String()
	if change.Kind != appconfig.Changed || path != "catalog.locations" && path != "catalog.rules" {
		return false
	}
	before, after := change.Before.Items(), change.After.Items()
	if before == nil || len(before) != len(after) {
		return false
	}
	_, _, same := unmatched(before, after)
	return same
}

// unmatched returns the items of each list that the other does not have as often.
func unmatched(before, after []appconfig.Value) (removed, added []appconfig.Value, same bool) {
	surplus := map[string]int{}
	for _, item := range after {
		surplus[item.Canonical()]++
	}
	for _, item := range before {
		if key := item.Canonical(); surplus[key] > 0 {
			surplus[key]--
		} else {
			removed = append(removed, item)
		}
	}
	for _, item := range after {
		if key := item.Canonical(); surplus[key] > 0 {
			surplus[key]--
			added = append(added, item)
		}
	}
	return removed, added, len(removed) == 0 && len(added) == 0
}
