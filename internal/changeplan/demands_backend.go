package changeplan

import (
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

func unlessNumber(check func(part)) func(part) { return unless(appconfig.Number, check) }

func unlessBool(check func(part)) func(part) { return unless(appconfig.Bool, check) }

// minTokenLength is backend-defaults' bound for static tokens.
const minTokenLength = 8

// externalAccess is what ExternalAuthTokenHandler demands of an entry.
func externalAccess(p part) {
	entry := p.field("type")
	if !entry.text() {
		return
	}
	oneOf("static", "legacy", "jwks")(entry)
	options := p.field("options")
	if options.missing() {
		options.wrong("it is required and missing")
		return
	}
	switch entry.value.Text() {
	case "static":
		if token := options.field("token"); withoutSpaces(token) && token.known() && len(token.value.Text()) < minTokenLength {
			token.wrong("a token has at least %d characters", minTokenLength)
		}
		withoutSpaces(options.field("subject"))
	case "legacy":
		withoutSpaces(options.field("secret"))
		withoutSpaces(options.field("subject"))
	case "jwks":
		if address := options.field("url"); withoutSpaces(address) {
			absoluteURL(address)
		}
	}
	accessRestrictions(p.field("accessRestrictions"))
}

// withoutSpaces demands a text without white space.
func withoutSpaces(p part) bool {
	if !p.text() {
		return false
	}
	if p.known() && spaces.MatchString(p.value.Text()) {
		p.wrong("it has to be a text without spaces")
		return false
	}
	return true
}

// accessRestrictions is what readAccessRestrictionsFromConfig demands.
func accessRestrictions(p part) {
	var plugins []string
	for _, restriction := range p.items() {
		for key := range restriction.value.Fields() {
			if !slices.Contains([]string{"plugin", "permission", "permissionAttribute"}, key) {
				restriction.field(key).wrong("a restriction has plugin, permission and permissionAttribute only")
			}
		}
		for key := range restriction.field("permissionAttribute").value.Fields() {
			if key != "action" {
				restriction.field("permissionAttribute").field(key).wrong("the only attribute is action")
			}
		}
		plugin := restriction.field("plugin")
		if plugin.text() && slices.Contains(plugins, plugin.value.Text()) {
			plugin.wrong("there is a restriction for the plugin %s already", plugin.value.Text())
		}
		plugins = append(plugins, plugin.value.Text())
	}
}

// rateLimit is what the limits of the root router demand. The schema allows true, the plugins' routers do not.
func rateLimit(p part) {
	if p.value.Kind() != appconfig.Mapping {
		p.wrong("it has to be a mapping such as {global: true}")
		return
	}
	global, window := p.field("global").value, p.field("window")
	if (global.Kind() != appconfig.Bool || global.Truth()) && !window.missing() {
		duration(window)
	}
}

func headerValue(p part) {
	if p.value.Kind() != appconfig.String || p.value.Text() == "" {
		p.wrong("the value of a header has to be a text that is not empty")
	}
}

// hostLevels are the levels that orbitd's host lets overrides have.
var hostLevels = []string{"error", "warn", "info", "debug"} //nolint:gochecknoglobals // constant

func logOverride(p part) {
	if level := p.field("level"); level.text() {
		oneOf(hostLevels...)(level)
	}
	if matchers := p.field("matchers"); matchers.value.Kind() != appconfig.Mapping {
		matchers.wrong("it is required, a mapping of the log's fields to their values")
	}
}

// discoveryEndpoint is what getEndpoints demands of an entry.
func discoveryEndpoint(p part) {
	if target := p.field("target"); target.missing() {
		target.wrong("it is required and missing")
	}
	if plugins := p.field("plugins"); plugins.missing() {
		plugins.wrong("it is required and missing")
	} else {
		list(plugins)
	}
}

// staticKeys is what StaticKeyStore demands.
func staticKeys(p part) {
	if p.field("provider").value.Text() != "static" {
		return
	}
	keys := p.field("static").field("keys")
	if keys.missing() || len(keys.value.Items()) == 0 && keys.value.Kind() == appconfig.Sequence {
		keys.wrong("a static key store needs at least one key")
		return
	}
	for _, key := range keys.items() {
		required("keyId", "publicKeyFile", "privateKeyFile")(key)
	}
}

// proxyEndpoints is what buildMiddleware demands of the endpoints. With skipInvalidProxies it leaves out those that do
// not meet it, which is a warning of silentDemands.
func proxyEndpoints(p part) {
	if !p.field("skipInvalidProxies").value.Truth() {
		brokenEndpoints(p)
	}
}

func brokenEndpoints(p part) {
	for _, endpoint := range endpointParts(p) {
		checkExpressions(endpoint)
		target, credentials := endpoint, endpoint.field("credentials")
		if endpoint.value.Kind() != appconfig.String {
			target = endpoint.field("target")
		}
		switch {
		case target.missing():
			target.wrong("an endpoint needs a target")
		case target.value.Kind() != appconfig.String:
			target.wrong("the target has to be a URL")
		default:
			absoluteURL(target)
		}
		if !credentials.missing() && !(credentials.known() && isCredentials(credentials.value) || isReference(credentials.value.Text())) {
			credentials.wrong("it is none of require, forward and %s", anonymous)
		}
	}
}

// checkExpressions demands regular expressions, of which Express makes the route one too.
func checkExpressions(endpoint part) {
	if route, ok := endpoint.path[len(endpoint.path)-1].Key(); ok && unbalanced(route) {
		endpoint.wrong("the route %q has brackets that do not match", route)
	}
	rewrite := endpoint.field("pathRewrite")
	for expression := range rewrite.value.Fields() {
		if unbalanced(expression) {
			rewrite.field(expression).wrong("%q has brackets that do not match", expression)
		}
	}
}

// unbalanced says whether the groups and classes of a regular expression are sure not to match.
func unbalanced(expression string) bool {
	depth, class, escaped := 0, false, false
	for _, r := range expression {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case class:
			class = r != ']'
		case r == '[':
			class = true
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth < 0 {
				return true
			}
		}
	}
	return depth != 0 || class
}

// endpointParts are the endpoints that the proxy reads.
func endpointParts(p part) []part {
	within := p.field("endpoints")
	deprecated := within.missing()
	if deprecated {
		within = p
	}
	var parts []part
	for key := range within.value.Fields() {
		if !deprecated || strings.HasPrefix(key, "/") {
			parts = append(parts, within.field(key))
		}
	}
	return parts
}
