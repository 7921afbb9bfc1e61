package changeplan

import (
	"slices"
	"strings"

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
	// Proof is the edit of the corpus that was measured live.
	Proof string
	// Look is how a running Backstage is asked whether it does the new thing.
	Look LookKind
	// obstacle says why an edit below the pattern is not taken up, or only by half; "" when it is. Listened-to trees
	// contain keys that nobody reads again, and edits that work in one direction only.
	obstacle func(before, after appconfig.Document) string
}

// LiveRows is the table of what is live, and for which edits.
//
// All listeners are registered whether or not their path is set when the process starts, so adding the first entry and
// removing the last one are live too. They are told of every change but one: Backstage compares old and new config with
// lodash's isEqual, for which the order of keys means nothing. What is read again at each request or task needs no
// listener: config that a package keeps reads through to the newest.
func LiveRows() []LiveRow {
	const (
		proxy     = "@backstage/plugin-proxy-backend"
		auth      = "@backstage/plugin-auth-backend"
		guest     = "@backstage/plugin-auth-backend-module-guest-provider"
		defaults  = "@backstage/backend-defaults"
		endpoints = "the proxy builds its routes anew whenever its endpoints change"
		signIn    = "the guest provider reads it at each sign-in"
		clients   = "the auth backend reads it whenever a client asks"
		actions   = "actions are looked up with it each time"
	)
	row := func(pattern Pattern, from, why, proof string, look LookKind, obstacle func(before, after appconfig.Document) string) LiveRow {
		return LiveRow{pattern, from, checkedRelease, why, proof, look, obstacle}
	}
	// What is read whenever it is needed shows in the answers of its reader alone, and asking the reader would sign
	// somebody in, register a client or run a task. So these are looked at as that reader does: through the root config
	// service, which all of them keep.
	const read = LookValue
	return []LiveRow{
		// The routes that a module adds in code are lost when the proxy builds its routes anew. No module of the
		// release adds any.
		row(Pattern{"proxy", "endpoints"}, proxy, endpoints, "proxy/endpoint-added", LookRoutes, proxyObstacle),
		// The deprecated form, which is read where proxy.endpoints is not set.
		row(Pattern{"proxy", "/*"}, proxy, endpoints, "proxy/moved-to-the-deprecated-place", LookRoutes, proxyObstacle),
		row(Pattern{"catalog", "locations"}, "@backstage/plugin-catalog-backend",
			"the catalog takes up its locations whenever they change", "catalog/location-added", LookLocations, catalogObstacle),
		// orbitd's host has a logger of its own in the place of backend-defaults'.
		row(Pattern{"backend", "logger", "overrides"}, defaults,
			"the logger takes up its overrides whenever they change", "backend/log-override", LookOverrides, loggerObstacle),
		row(Pattern{"backend", "actions", "pluginSources"}, defaults, actions, "backend/actions-sources", read, nothingHinders),
		row(Pattern{"backend", "actions", "filter"}, defaults, actions, "backend/actions-filter", read, nothingHinders),
		row(Pattern{"scaffolder", "defaultEnvironment"}, "@backstage/plugin-scaffolder-backend",
			"the scaffolder reads its default environment for each task", "scaffolder/environment-parameter", read, nothingHinders),
		row(Pattern{"techdocs", "builder"}, "@backstage/plugin-techdocs-backend",
			"TechDocs reads who builds whenever docs are asked for", "techdocs/builder-external", read, nothingHinders),
		// The provider keeps the part of the config that was there when it started.
		row(Pattern{"auth", "providers", "guest", "userEntityRef"}, guest, signIn, "auth/guest-user-unset", read, within("auth", "providers", "guest")),
		row(Pattern{"auth", "providers", "guest", "ownershipEntityRefs"}, guest, signIn, "auth/guest-ownership", read, within("auth", "providers", "guest")),
		// Whether there are routes for clients at all is decided at start, by what is beside the patterns.
		row(Pattern{"auth", "experimentalDynamicClientRegistration", "allowedRedirectUriPatterns"}, auth, clients,
			"auth/dynamic-registration-patterns", read, within("auth", "experimentalDynamicClientRegistration")),
		row(Pattern{"auth", "clientIdMetadataDocuments", "allowedClientIdPatterns"}, auth, clients,
			"auth/client-metadata-patterns", read, within("auth", "clientIdMetadataDocuments")),
		row(Pattern{"auth", "clientIdMetadataDocuments", "allowedRedirectUriPatterns"}, auth, clients,
			"auth/client-metadata-redirects", read, within("auth", "clientIdMetadataDocuments")),
	}
}

func nothingHinders(_, _ appconfig.Document) string { return "" }

// within lets an edit through when the mapping around it is there before and after.
func within(keys ...string) func(before, after appconfig.Document) string {
	path := appconfig.Keys(keys...)
	return func(before, after appconfig.Document) string {
		if before.At(path).Kind() == appconfig.Mapping && after.At(path).Kind() == appconfig.Mapping {
			return ""
		}
		return "what reads it is set up when the process starts, if " + path.String() + " is there"
	}
}

// StartRow is a path that a process reads when it starts and never again.
type StartRow struct {
	Pattern Pattern
	// Package is the one that reads it.
	Package string
	// Since is the oldest release for which the row was checked.
	Since string
	// Why is a sentence for the user, without a full stop.
	Why string
}

// StartRows says in words why paths cost a restart, the more special before the more general.
func StartRows() []StartRow {
	const (
		defaults = "@backstage/backend-defaults"
		auth     = "@backstage/plugin-auth-backend"
		catalog  = "@backstage/plugin-catalog-backend"
		proxy    = "@backstage/plugin-proxy-backend"
	)
	row := func(from, why string, pattern ...string) StartRow {
		return StartRow{pattern, from, checkedRelease, why}
	}
	return []StartRow{
		row(auth, "the auth backend builds its sign-in providers once, when it starts", "auth", "providers"),
		row(auth, "the auth backend reads most of its settings once, when it starts", "auth"),
		row(defaults, "the backend reads who may call it from outside once, when it starts", "backend", "auth", "externalAccess"),
		row(defaults, "the backend reads how callers prove who they are once, when it starts", "backend", "auth"),
		row(defaults, "the backend connects to its cache once, when it starts", "backend", "cache"),
		row(defaults, "the HTTP router reads its CORS settings once, when it starts", "backend", "cors"),
		row(defaults, "the HTTP router reads its content security policy once, when it starts", "backend", "csp"),
		row(defaults, "the health check reads its headers once, when the process starts", "backend", "health"),
		row(defaults, "the backend reads its lifecycle settings once, when it starts", "backend", "lifecycle"),
		row(defaults, "the logger reads its level once, when the process starts", "backend", "logger", "level"),
		row(defaults, "the logger reads its fields once, when the process starts", "backend", "logger", "meta"),
		row(defaults, "the HTTP router reads its rate limits once, when it starts", "backend", "rateLimit"),
		row(defaults, "the hosts that the backend may read from are fixed when it starts", "backend", "reading"),
		row(defaults, "the HTTP router reads its referrer policy once, when it starts", "backend", "referrer"),
		row(catalog, "the catalog reads which kinds it allows once, when it starts", "catalog", "rules"),
		row(catalog, "the catalog reads most of its settings once, when it starts", "catalog"),
		// The listener that discovery has is not enough: plugins keep the address of auth and of each other's keys.
		row(defaults, "parts of the process keep the addresses that they asked for when it started", "discovery", "endpoints"),
		row("@backstage/plugin-events-backend", "the events backend opens its topics once, when it starts", "events", "http"),
		row("@backstage/integration", "what reads from source control reads its integrations once, when it starts", "integrations"),
		row("@backstage/plugin-kubernetes-backend", "the Kubernetes backend reads its settings once, when it starts", "kubernetes"),
		row("@backstage/plugin-permission-node", "plugins read whether permissions are asked for once, when they start", "permission"),
		row(proxy, "the proxy reads this setting once, when it starts", "proxy", "reviveConsumedRequestBodies"),
		row(proxy, "the proxy reads this setting once, when it starts", "proxy", "skipInvalidProxies"),
		row("@backstage/plugin-search-backend", "the search backend and its modules read their settings once, when they start", "search"),
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
	_, _, same := unmatched(before, after, ruleKey)
	return same
}

// ruleKey is the same for items that differ in the order of what they allow.
func ruleKey(item appconfig.Value) string {
	key := item.Canonical()
	if allowed := item.Field("allow").Items(); len(allowed) > 1 {
		var kinds []string
		for _, kind := range allowed {
			kinds = append(kinds, kind.Canonical())
		}
		slices.Sort(kinds)
		key = strings.Replace(key, item.Field("allow").Canonical(), strings.Join(kinds, ","), 1)
	}
	return key
}

// unmatched returns the items of each list that the other does not have as often.
func unmatched(before, after []appconfig.Value, keyOf func(appconfig.Value) string) (removed, added []appconfig.Value, same bool) {
	surplus := map[string]int{}
	for _, item := range after {
		surplus[keyOf(item)]++
	}
	for _, item := range before {
		if key := keyOf(item); surplus[key] > 0 {
			surplus[key]--
		} else {
			removed = append(removed, item)
		}
	}
	for _, item := range after {
		if key := keyOf(item); surplus[key] > 0 {
			surplus[key]--
			added = append(added, item)
		}
	}
	return removed, added, len(removed) == 0 && len(added) == 0
}
