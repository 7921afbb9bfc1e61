package appconfig

import (
	"slices"
	"strings"
)

// orderMatters says whether Backstage gives the order of the mapping's keys a meaning.
//
// @backstage/plugin-proxy-backend mounts the endpoints in their order and the first that matches a request serves it;
// http-proxy-middleware applies the first rule of pathRewrite, and of router, that matches. The endpoints may also
// stand in "proxy" itself under keys that begin with "/", the deprecated form.
func orderMatters(path Path, n *node) bool {
	if n.kind != Mapping || len(n.entries) < 2 || len(path) == 0 || path[0] != Key("proxy") {
		return false
	}
	rest := path[1:]
	if len(rest) > 0 && rest[0] == Key("endpoints") {
		rest = rest[1:]
	}
	switch len(rest) {
	case 0:
		return routesOverlap(n, len(path) == 1)
	case 2:
		return rest[1] == Key("pathRewrite") || rest[1] == Key("router")
	default:
		return false
	}
}

// routesOverlap says whether one of the mapping's keys is a route below another, or a pattern. Express compares routes
// without regard to case, by whole segments.
func routesOverlap(n *node, slashOnly bool) bool {
	var routes []string
	for _, e := range n.entries {
		if slashOnly && !strings.HasPrefix(e.key, "/") {
			continue
		}
		if strings.ContainsAny(e.key, ":*?+()[]{}$\\") {
			return true
		}
		// A separator below every other character sorts a route right before the routes below it.
		routes = append(routes, strings.ReplaceAll(strings.ToLower(strings.Trim(e.key, "/")), "/", "\x00")+"\x00")
	}
	slices.Sort(routes)
	for i := 1; i < len(routes); i++ {
		if strings.HasPrefix(routes[i], routes[i-1]) || routes[i-1] == "\x00" {
			return true
		}
	}
	return false
}
