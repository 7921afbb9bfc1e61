package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// upstream is a server that says who it is and what reached it, and gives out catalog files.
func upstream(name string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/catalog/{file}", func(w http.ResponseWriter, r *http.Request) {
		kind, entity, _ := strings.Cut(strings.TrimSuffix(r.PathValue("file"), ".yaml"), "-")
		document, ok := entities[kind]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, document, entity) //nolint:gosec // for Backstage alone
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Upstream", "yes")
		kept := map[string]string{}
		for _, header := range []string{"Authorization", "X-Added", "X-Extra", "X-Forwarded-Host", "Cookie"} {
			if value := r.Header.Get(header); value != "" {
				kept[header] = strings.Split(value, ".")[0] // of a token only what says its kind
			}
		}
		host, _, _ := net.SplitHostPort(r.Host)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"server": name, "method": r.Method, "path": r.URL.Path, "headers": kept, "host": host,
		})
	})
	return mux
}

// entities are catalog files by the first part of their names.
var entities = map[string]string{ //nolint:gochecknoglobals // constant
	"component": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: %s\n  annotations: {backstage.io/techdocs-ref: 'dir:.'}\nspec: {type: service, lifecycle: production, owner: team}\n",
	"user":      "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: %s}\nspec: {memberOf: []}\n",
	"group":     "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: %s}\nspec: {type: team, children: []}\n",
	"api":       "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: %s}\nspec: {type: openapi, lifecycle: production, owner: team, definition: x}\n",
	"template":  "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: %s}\nspec: {type: service, parameters: [], steps: [{id: a, action: 'debug:log', input: {message: x}}]}\n",
}
