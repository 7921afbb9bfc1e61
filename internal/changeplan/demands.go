package changeplan

import "slices"

// checkedRelease is the release that the demands were measured with.
const checkedRelease = "1.55.0"

// Demands is the table of what the packages of the releases demand of their app-config beyond the types that their
// schemas state. Each row is in the corpus with the edit that breaks it.
func Demands() []Demand {
	return slices.Concat(backendDemands(), authDemands(), signInDemands(), proxyDemands(), catalogDemands(), integrationDemands(), pluginDemands(), silentDemands())
}

// demand makes a row for an unmet demand that keeps the plugin from starting, "" for the whole process.
func demand(from, plugin string, check func(part), path ...string) Demand {
	return Demand{Path: path, Package: from, Since: checkedRelease, Plugin: plugin, check: check}
}

// silent makes a row for a demand that Backstage starts without.
func silent(from string, check func(part), path ...string) Demand {
	return Demand{Path: path, Package: from, Since: checkedRelease, Silent: true, check: check}
}

func backendDemands() []Demand {
	const defaults = "@backstage/backend-defaults"
	return []Demand{
		demand(defaults, "", externalAccess, "backend", "auth", "externalAccess", "[]"),
		demand(defaults, "", oneOf("database", "static"), "backend", "auth", "pluginKeyStore", "type"),
		demand(defaults, "", oneOf("memory", "redis", "valkey", "memcache", "infinispan"), "backend", "cache", "store"),
		demand(defaults, "", unlessNumber(duration), "backend", "cache", "defaultTtl"),
		demand(defaults, "", headerValue, "backend", "health", "headers", "*"),
		demand(defaults, "", duration, "backend", "lifecycle", "startupRequestPauseTimeout"),
		demand(defaults, "", rateLimit, "backend", "rateLimit"),
		demand(defaults, "", duration, "backend", "rateLimit", "plugin", "*", "window"),
		demand(defaults, "", required("host"), "backend", "reading", "allow", "[]"),
		// orbitd's host reads the overrides in the place of backend-defaults.
		demand(defaults, "", logOverride, "backend", "logger", "overrides", "[]"),
		demand(defaults, "", discoveryEndpoint, "discovery", "endpoints", "[]"),
	}
}

func authDemands() []Demand {
	const auth = "@backstage/plugin-auth-backend"
	return []Demand{
		demand(auth, "auth", oneOf("database", "memory", "firestore", "static"), "auth", "keyStore", "provider"),
		demand(auth, "auth", staticKeys, "auth", "keyStore"),
		demand(auth, "auth", duration, "auth", "backstageTokenExpiration"),
	}
}

func proxyDemands() []Demand {
	const proxy = "@backstage/plugin-proxy-backend"
	return []Demand{demand(proxy, "proxy", proxyEndpoints, "proxy")}
}

func catalogDemands() []Demand {
	const catalog = "@backstage/plugin-catalog-backend"
	return []Demand{
		demand(catalog, "catalog", required("type", "target"), "catalog", "locations", "[]"),
		demand(catalog, "catalog", processedType, "catalog", "locations", "[]", "type"),
		demand(catalog, "catalog", processorsOfOld, "catalog", "processors"),
		demand(catalog, "catalog", present("allow"), "catalog", "locations", "[]", "rules", "[]"),
		demand(catalog, "catalog", present("allow"), "catalog", "rules", "[]"),
		demand(catalog, "catalog", required("type"), "catalog", "rules", "[]", "locations", "[]"),
		demand(catalog, "catalog", processingInterval, "catalog", "processingInterval"),
		demand(catalog, "catalog", duration, "catalog", "stitchingStrategy", "pollingInterval"),
		demand(catalog, "catalog", duration, "catalog", "stitchingStrategy", "stitchTimeout"),
	}
}

func pluginDemands() []Demand {
	const (
		kubernetes    = "@backstage/plugin-kubernetes-backend"
		notifications = "@backstage/plugin-notifications-backend"
		techdocs      = "@backstage/plugin-techdocs-backend"
	)
	return []Demand{
		demand(kubernetes, "kubernetes", kubernetesMethods, "kubernetes"),
		demand("@backstage/plugin-search-backend-module-catalog", "search", schedule, "search", "collators", "catalog", "schedule"),
		demand("@backstage/plugin-search-backend-module-techdocs", "search", schedule, "search", "collators", "techdocs", "schedule"),
		demand(notifications, "notifications", unlessBool(duration), "notifications", "retention"),
		demand(notifications, "notifications", duration, "notifications", "throttleInterval"),
		demand(techdocs, "techdocs", unlessNumber(duration), "techdocs", "cache", "ttl"),
		demand(techdocs, "techdocs", publisher, "techdocs", "publisher"),
	}
}
