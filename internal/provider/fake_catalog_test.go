package provider_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// fakeCatalog is the catalogs of the API in memory.
type fakeCatalog struct {
	// locations are the registered ones by workspace and id.
	locations map[string]map[string]*orbit.CatalogLocation
	// keys are the Idempotency-Keys that registered them, by id.
	keys map[string]string
	// registered counts them, so that none has the id of an earlier one.
	registered int
	// produces is what each target has; one that is not there has a component.
	produces map[string]orbit.CatalogLocation
	// entities are those of each workspace.
	entities map[string][]orbit.Entity
	// entitiesPage is how many of them a page has; 0 is two.
	entitiesPage int
	// catalogAway is how many requests still find the catalog without an answer.
	catalogAway int
	// held is sent to by a registration that is carried out, and whose answer then never comes; nil answers at once.
	held chan struct{}
	// waits are the wait_seconds of the registrations.
	waits []int
	// queries are those of the entities' lists.
	queries []map[string][]string
}

func (f *fakeAPI) serveCatalog(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/instances/{workspace}/catalog/locations", f.catalog(f.listLocations))
	mux.HandleFunc("POST /v1/instances/{workspace}/catalog/locations", f.catalog(f.postLocation))
	mux.HandleFunc("GET /v1/instances/{workspace}/catalog/locations/{id}", f.catalog(f.getLocation))
	mux.HandleFunc("DELETE /v1/instances/{workspace}/catalog/locations/{id}", f.catalog(f.deleteLocation))
	mux.HandleFunc("GET /v1/instances/{workspace}/catalog/entities", f.catalog(f.listEntities))
}

// catalog answers for an instance that is not there, or whose catalog gives no answer.
func (f *fakeAPI) catalog(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case f.instances[r.PathValue("workspace")] == nil:
			refuse(w, http.StatusNotFound, orbit.CodeNotFound, "the workspace has no instance")
		case f.catalogAway > 0:
			f.catalogAway--
			w.Header().Set("Retry-After", "0")
			refuse(w, http.StatusServiceUnavailable, orbit.CodeCatalogUnavailable, "the instance serves nothing now")
		default:
			handle(w, r)
		}
	}
}

func (f *fakeAPI) listLocations(w http.ResponseWriter, r *http.Request) {
	page := orbit.Page[orbit.CatalogLocation]{Items: []orbit.CatalogLocation{}}
	for _, id := range slices.Sorted(maps.Keys(f.locations[r.PathValue("workspace")])) {
		page.Items = append(page.Items, *f.locations[r.PathValue("workspace")][id])
	}
	respond(w, http.StatusOK, page)
}

func (f *fakeAPI) postLocation(w http.ResponseWriter, r *http.Request) {
	var write orbit.CatalogLocationWrite
	_ = json.NewDecoder(r.Body).Decode(&write)
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path})
	f.waits = append(f.waits, write.WaitSeconds)
	workspace := r.PathValue("workspace")
	key := r.Header.Get("Idempotency-Key")
	for _, location := range f.locations[workspace] {
		if location.Target == write.Target && f.keys[location.ID] == key && key != "" {
			respond(w, http.StatusCreated, location)
			return
		}
		if location.Target == write.Target {
			refuse(w, http.StatusConflict, orbit.CodeAlreadyExists, "the catalog has the target already")
			return
		}
	}
	location := f.register(workspace, write.Target)
	if f.keys == nil {
		f.keys = map[string]string{}
	}
	f.keys[location.ID] = key
	if f.held != nil {
		held := f.held
		f.mu.Unlock()
		held <- struct{}{}
		<-r.Context().Done()
		f.mu.Lock()
		return
	}
	respond(w, http.StatusCreated, location)
}

// register gives the location an id that no other has had.
func (f *fakeAPI) register(workspace, target string) *orbit.CatalogLocation {
	location, known := f.produces[target]
	if !known {
		location.Entities = []string{"component:default/payments"}
	}
	f.registered++
	location.ID, location.Target = "l"+strconv.Itoa(f.registered), target
	if f.locations == nil {
		f.locations = map[string]map[string]*orbit.CatalogLocation{}
	}
	if f.locations[workspace] == nil {
		f.locations[workspace] = map[string]*orbit.CatalogLocation{}
	}
	f.locations[workspace][location.ID] = &location
	return &location
}

func (f *fakeAPI) getLocation(w http.ResponseWriter, r *http.Request) {
	location := f.locations[r.PathValue("workspace")][r.PathValue("id")]
	if location == nil {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such location")
		return
	}
	respond(w, http.StatusOK, location)
}

func (f *fakeAPI) deleteLocation(w http.ResponseWriter, r *http.Request) {
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path})
	workspace, id := r.PathValue("workspace"), r.PathValue("id")
	if f.locations[workspace][id] == nil {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such location")
		return
	}
	delete(f.locations[workspace], id)
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeAPI) listEntities(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f.queries = append(f.queries, query)
	if slices.Contains(query["filter"], "kind") {
		refuse(w, http.StatusUnprocessableEntity, orbit.CodeCatalogRefused, "Invalid filter, 'kind' is not a valid statement")
		return
	}
	respond(w, http.StatusOK, pageOf(f.entities[r.PathValue("workspace")], query.Get("cursor"), query.Get("limit"), cmp.Or(f.entitiesPage, 2)))
}

// pageOf is a page of at most so many items, fewer where the limit asks for that. The cursor is how many came before.
func pageOf[T any](items []T, cursor, limit string, most int) orbit.Page[T] {
	from, _ := strconv.Atoi(cursor)
	asked, _ := strconv.Atoi(limit)
	to := min(from+min(cmp.Or(asked, most), most), len(items))
	page := orbit.Page[T]{Items: append([]T{}, items[from:to]...)}
	if to < len(items) {
		page.Next = strconv.Itoa(to)
	}
	return page
}
