package changeplan

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// anonymous is the credentials policy that opens a route to everybody.
const anonymous = "dangerously-allow-unauthenticated"

// proxyObstacle finds edits of the proxy's endpoints that a running process does not take up, or only by half.
func proxyObstacle(before, after appconfig.Document) string {
	old, current := endpoints(before), endpoints(after)
	for _, route := range slices.Sorted(maps.Keys(old)) {
		endpoint := old[route]
		// http-proxy-middleware hands the server a listener for websockets and never takes it back, so an endpoint that
		// was built once goes on serving them, also beside its successor.
		if endpoint.Field("ws").Truth() {
			return "an endpoint with ws keeps serving websockets as it was until the process ends"
		}
		// The policy that lets unauthenticated requests through to the proxy is never removed. The endpoint looks at
		// credentials itself, so it is closed nevertheless, but for what it leaves to others: a route that is gone, and
		// methods that are not allowed.
		credentials := endpoint.Field("credentials").Text()
		successor, stays := current[route]
		if (credentials == anonymous || isReference(credentials)) &&
			!appconfig.EqualValues(nil, endpoint.Field("credentials"), successor.Field("credentials")) &&
			(!stays || successor.Field("allowedMethods").Kind() != appconfig.Missing) {
			return "a route that was open to unauthenticated requests stays open for them until the process ends"
		}
	}
	endpointsValue := after.At(appconfig.Keys("proxy", "endpoints"))
	if kind := endpointsValue.Kind(); kind != appconfig.Missing && kind != appconfig.Mapping {
		return "the proxy can only read a mapping of endpoints"
	}
	for _, route := range slices.Sorted(maps.Keys(current)) {
		if endpoint, ok := old[route]; ok && appconfig.EqualValues(nil, endpoint, current[route]) {
			continue
		}
		// A bad endpoint throws in the listener, which takes down the ones after it, or is skipped with
		// proxy.skipInvalidProxies; another process would not start, or skip it as well.
		if !readable(route, current[route]) {
			return "an endpoint that cannot be read for sure would take the ones after it down in the running process"
		}
	}
	return ""
}

// endpoints are the endpoints that plugin-proxy-backend reads: proxy.endpoints, or else the keys of proxy that begin
// with a slash.
func endpoints(document appconfig.Document) map[string]appconfig.Value {
	found := map[string]appconfig.Value{}
	proxy := document.At(appconfig.Keys("proxy"))
	if proxy.Field("endpoints").Kind() != appconfig.Missing {
		for route, endpoint := range proxy.Field("endpoints").Fields() {
			found[route] = endpoint
		}
		return found
	}
	for route, endpoint := range proxy.Fields() {
		if strings.HasPrefix(route, "/") {
			found[route] = endpoint
		}
	}
	return found
}

var (
	plainRoute = regexp.MustCompile(`^/[A-Za-z0-9._~/:-]*$`)
	absolute   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

// readable says whether buildMiddleware is sure to accept the endpoint. What it is not known to accept is not readable.
func readable(route string, endpoint appconfig.Value) bool {
	if !plainRoute.MatchString(route) {
		return false
	}
	if endpoint.Kind() == appconfig.String {
		return isTarget(endpoint)
	}
	if !isTarget(endpoint.Field("target")) {
		return false
	}
	for key, value := range endpoint.Fields() {
		check, known := proxyOptions[key]
		if !known || value.Kind() != appconfig.Null && !check(value) {
			return false
		}
	}
	return true
}

// proxyOptions are the options of an endpoint, as far as it is known what buildMiddleware and http-proxy-middleware
// make of them.
var proxyOptions = map[string]func(appconfig.Value) bool{
	"target":          isTarget,
	"allowedHeaders":  isStrings,
	"allowedMethods":  isStrings,
	"auth":            isKind(appconfig.String),
	"changeOrigin":    isKind(appconfig.Bool),
	"credentials":     isCredentials,
	"followRedirects": isKind(appconfig.Bool),
	"headers":         isKind(appconfig.Mapping),
	"ignorePath":      isKind(appconfig.Bool),
	"pathRewrite":     isRewrite,
	"prependPath":     isKind(appconfig.Bool),
	"proxyTimeout":    isKind(appconfig.Number),
	"secure":          isKind(appconfig.Bool),
	"timeout":         isKind(appconfig.Number),
	"ws":              isKind(appconfig.Bool),
	"xfwd":            isKind(appconfig.Bool),
}

func isKind(kind appconfig.Kind) func(appconfig.Value) bool {
	return func(value appconfig.Value) bool { return value.Kind() == kind }
}

// isReference says whether the text may be another one once secrets stand in it.
func isReference(text string) bool { return strings.Contains(text, "${") }

// isTarget says whether the value is a URL. One that comes from a secret cannot be looked at and is taken for one.
func isTarget(value appconfig.Value) bool {
	text := value.Text()
	if isReference(text) {
		return true
	}
	if !absolute.MatchString(text) {
		return false
	}
	parsed, err := url.Parse(text)
	return err == nil && parsed.Hostname() != ""
}

func isStrings(value appconfig.Value) bool {
	return value.Kind() == appconfig.Sequence && !slices.ContainsFunc(value.Items(), func(item appconfig.Value) bool {
		return item.Kind() != appconfig.String
	})
}

func isCredentials(value appconfig.Value) bool {
	return slices.Contains([]string{"require", "forward", anonymous}, value.Text())
}

// isRewrite says whether the value is a mapping of regular expressions that JavaScript and Go both understand.
func isRewrite(value appconfig.Value) bool {
	if value.Kind() != appconfig.Mapping {
		return false
	}
	for expression, replacement := range value.Fields() {
		if _, err := regexp.Compile(expression); err != nil || replacement.Kind() != appconfig.String {
			return false
		}
	}
	return true
}
