package changeplan

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// silentDemands are those that a process starts without, and does not do what is asked.
func silentDemands() []Demand {
	return []Demand{
		silent("@backstage/plugin-proxy-backend", skippedEndpoints, "proxy"),
		silent("@backstage/plugin-proxy-backend", unreadRoutes, "proxy"),
		silent("@backstage/backend-defaults", unreadPackages, "backend", "packages"),
		silent("@backstage/backend-defaults", unreadKeys),
		silent("@backstage/backend-defaults", unlessNumber(duration), "backend", "server", "headersTimeout"),
		silent("@backstage/backend-defaults", unlessNumber(duration), "backend", "server", "requestTimeout"),
		silent("@backstage/backend-defaults", unlessNumber(duration), "backend", "server", "keepAliveTimeout"),
		silent("@backstage/backend-defaults", unlessNumber(duration), "backend", "server", "timeout"),
		silent("@backstage/plugin-techdocs-backend", oneOf("local", "googleGcs", "awsS3", "azureBlobStorage", "openStackSwift"), "techdocs", "publisher", "type"),
		silent("@backstage/plugin-scaffolder-backend", duration, "scaffolder", "taskRecovery", "staleTimeout"),
		silent("@backstage/plugin-search-backend-module-pg", normalization, "search", "pg", "normalization"),
		silent("@backstage/plugin-auth-backend", unknownProviders, "auth", "providers"),
		silent("@backstage/backend-defaults", unreachableLocation, "catalog", "locations", "[]"),
		silent("@backstage/backend-defaults", oneOf("error", "warn", "info", "http", "verbose", "debug", "silly"), "backend", "logger", "level"),
	}
}

// skippedEndpoints are endpoints that the proxy leaves out because of skipInvalidProxies.
func skippedEndpoints(p part) {
	if p.field("skipInvalidProxies").value.Truth() {
		brokenEndpoints(p)
	}
}

// unreadRoutes are endpoints in the deprecated place, which the proxy looks at only where proxy.endpoints is not set,
// and those whose route no request has.
func unreadRoutes(p part) {
	if p.field("endpoints").missing() {
		return
	}
	for route := range p.field("endpoints").value.Fields() {
		if !strings.HasPrefix(route, "/") {
			p.field("endpoints").field(route).wrong("no request has this route: begin it with /")
		}
	}
	for key := range p.value.Fields() {
		if strings.HasPrefix(key, "/") {
			p.field(key).wrong("the proxy does not read it beside proxy.endpoints; move it there")
		}
	}
}

func unreadPackages(p part) {
	p.wrong("orbitd starts the packages of the release and the instance's plugins, whatever this says")
}

// releaseKeys are the keys that the packages of the releases read, or their apps do.
var releaseKeys = []string{ //nolint:gochecknoglobals // constant
	"app", "auth", "backend", "catalog", "dynamicPlugins", "discovery", "enabled", "events", "integrations", "kubernetes",
	"notifications", "organization", "permission", "proxy", "scaffolder", "search", "signals", "techdocs", "userSettings",
}

// unreadKeys are keys of an instance without plugins that no package of the release reads.
func unreadKeys(p part) {
	if len(p.state.Plugins) > 0 {
		return
	}
	for key, value := range p.value.Fields() {
		if value.Kind() != appconfig.Null && !slices.Contains(releaseKeys, key) {
			p.field(key).wrong("no package of the release reads this key, and the instance has no plugins; if none that reads it comes in the same run, look for a typing error")
		}
	}
}

// unknownProviders are sign-in providers that no module brings. A module's name does not tell which one it brings:
// plugin-auth-backend-module-aws-alb-provider has awsalb.
func unknownProviders(p part) {
	if mayExtend(p.state, "auth") {
		return
	}
	for key := range p.value.Fields() {
		if key != "guest" && !slices.Contains(providerIDs(), key) {
			p.field(key).wrong("the release has no provider of this name; add the plugin @backstage/plugin-auth-backend-module-%s-provider, or the one that brings it", key)
		}
	}
}

// readableHosts are those that can be read from without any setting.
var readableHosts = []string{ //nolint:gochecknoglobals // constant
	"github.com", "gitlab.com", "bitbucket.org", "dev.azure.com", "gitea.com", "amazonaws.com", "storage.cloud.google.com",
	"blob.core.windows.net", "visualstudio.com", "harness.io",
}

// unreachableLocation is a location on a host that the backend may not read from.
func unreachableLocation(p part) {
	target := p.field("target")
	address, err := url.Parse(target.value.Text())
	if p.field("type").value.Text() != "url" || !target.known() || err != nil || address.Host == "" || len(p.state.Plugins) > 0 {
		return
	}
	under := func(host string) bool {
		return isReference(host) || address.Host == host || strings.HasSuffix(address.Host, "."+strings.TrimPrefix(host, "*."))
	}
	if slices.ContainsFunc(readableHosts, under) {
		return
	}
	for _, allowed := range p.effective.At(appconfig.Keys("backend", "reading", "allow")).Items() {
		if under(allowed.Field("host").Text()) {
			return
		}
	}
	for _, integrations := range p.effective.At(appconfig.Keys("integrations")).Fields() {
		for _, integration := range integrations.Items() {
			for _, key := range []string{"host", "endpoint", "baseUrl"} {
				if text := integration.Field(key).Text(); text != "" && (under(text) || strings.Contains(text, address.Host)) {
					return
				}
			}
		}
	}
	target.wrong("the backend may not read from %s; add it to backend.reading.allow or to integrations", address.Host)
}

var bits = regexp.MustCompile(`^\s*\d+(\s*\|\s*\d+)*\s*$`)

// normalization is what evaluateBitwiseOrExpression can read; anything else ranks nothing.
func normalization(p part) {
	if p.known() && !bits.MatchString(p.value.Text()) {
		p.wrong("%q is neither a number nor numbers with | between them", p.value.Text())
	}
}
