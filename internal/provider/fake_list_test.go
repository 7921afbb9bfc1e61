package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func (f *fakeAPI) serveLists(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/instances", f.listInstances)
	mux.HandleFunc("GET /v1/releases", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, orbit.Page[orbit.Release]{Items: fakeReleases()})
	})
}

func fakeReleases() []orbit.Release {
	packages := []orbit.ReleasePackage{
		{Name: "@backstage/plugin-catalog-backend", Version: "3.0.0", Feature: true}, {Name: "@backstage/catalog-model", Version: "1.7.0"},
	}
	return []orbit.Release{
		{Version: "1.55.0", Node: "24.21.0", Postgres: "18.4", Default: true, Packages: packages},
		{Version: "1.54.0", Node: "24.20.0", Postgres: "18.3", Packages: packages[:1]},
	}
}

// listInstances gives two instances a page.
func (f *fakeAPI) listInstances(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var found []orbit.Instance
	for _, workspace := range slices.Sorted(maps.Keys(f.instances)) {
		instance := f.instances[workspace]
		selected := query.Get("phase") == "" || query.Get("phase") == string(instance.Status.Phase)
		for _, label := range query["label"] {
			name, value, _ := strings.Cut(label, "=")
			selected = selected && instance.Labels[name] == value
		}
		if selected {
			found = append(found, *instance)
		}
	}
	respond(w, http.StatusOK, pageOf(found, query.Get("cursor"), query.Get("limit"), 2))
}
