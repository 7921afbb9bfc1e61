package fake

import (
	"crypto/sha1" //nolint:gosec // the real catalog names entities by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// catalog is what a workspace's database keeps of its catalog. A target says what it yields: /component/payments+orders
// in its path two components; one with "missing" in it cannot be read.
type catalog struct {
	mu        sync.Mutex
	locations map[string]location // by id
	refreshed []string
	cursors   map[string]cursor
}

// cursor is where a page begins.
type cursor struct {
	holds func(entity) bool
	start int
}

type location struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Target    string `json:"target"`
	EntityRef string `json:"entityRef"`
}

// catalog is the workspace's, which is made when it is first asked for.
func (r *Runtime) catalog(workspace string) *catalog {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.catalogs[workspace]
	if c == nil {
		c = &catalog{locations: map[string]location{}, cursors: map[string]cursor{}}
		r.catalogs[workspace] = c
	}
	return c
}

// Refreshed are the entities that the workspace's catalog was told to read again.
func (r *Runtime) Refreshed(workspace string) []string {
	c := r.catalog(workspace)
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.refreshed)
}

// serveCatalog serves the paths of Backstage's catalog that orbitd uses.
func (p *Process) serveCatalog(mux *http.ServeMux) {
	const base = "/api/catalog"
	handle := func(pattern string, handler func(c *catalog, r *http.Request) (int, any)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+base+path, func(w http.ResponseWriter, r *http.Request) {
			if !p.admits(r) {
				writeStatus(w, http.StatusUnauthorized, failure(http.StatusUnauthorized, "AuthenticationError", "Illegal token"))
				return
			}
			c := p.runtime.catalog(p.Spec().Workspace)
			c.mu.Lock()
			status, body := handler(c, r)
			c.mu.Unlock()
			writeStatus(w, status, body)
		})
	}
	handle("POST /locations", (*catalog).register)
	handle("GET /locations", (*catalog).list)
	handle("GET /locations/{id}", (*catalog).get)
	handle("DELETE /locations/{id}", (*catalog).remove)
	handle("GET /entities/by-query", (*catalog).filter)
	handle("POST /entities/by-query", (*catalog).search)
	handle("POST /refresh", (*catalog).refresh)
}

func (c *catalog) register(r *http.Request) (int, any) {
	var l location
	_ = json.NewDecoder(r.Body).Decode(&l)           // what is missing is refused below
	sum := sha1.Sum([]byte(l.Type + ":" + l.Target)) //nolint:gosec // see above
	l.ID, l.EntityRef = uuid.NewString(), "location:default/generated-"+hex.EncodeToString(sum[:])
	dry := r.URL.Query().Get("dryRun") == "true"
	for _, other := range c.locations {
		if !dry && other.Target == l.Target {
			return failure(http.StatusConflict, "ConflictError", fmt.Sprintf("Location url:%s already exists", l.Target)).answer()
		}
	}
	switch {
	case l.Type != "url":
		return failure(http.StatusBadRequest, "InputError", `Registered locations must be of an allowed type ["url"]`).answer()
	case strings.Contains(l.Target, "refused"):
		return failure(http.StatusForbidden, "NotAllowedError", "nothing may be registered from "+l.Target).answer()
	case dry && len(l.yields()) == 0:
		return failure(http.StatusBadRequest, "InputError", "NotFoundError: Unable to read url, "+l.Target).answer()
	case !dry:
		c.locations[l.ID] = l
	}
	return http.StatusCreated, map[string]any{"location": l, "entities": []any{}}
}

func (c *catalog) list(*http.Request) (int, any) {
	rows := []map[string]location{}
	for _, l := range c.locations {
		rows = append(rows, map[string]location{"data": l})
	}
	return http.StatusOK, rows
}

func (c *catalog) get(r *http.Request) (int, any) {
	l, found := c.locations[r.PathValue("id")]
	if !found {
		return failure(http.StatusNotFound, "NotFoundError", "Found no location with ID "+r.PathValue("id")).answer()
	}
	return http.StatusOK, l
}

func (c *catalog) remove(r *http.Request) (int, any) {
	status, body := c.get(r)
	if status == http.StatusOK {
		delete(c.locations, r.PathValue("id"))
		return http.StatusNoContent, nil
	}
	return status, body
}

func (c *catalog) refresh(r *http.Request) (int, any) {
	var ask struct{ EntityRef string }
	_ = json.NewDecoder(r.Body).Decode(&ask)
	if !slices.ContainsFunc(c.entities(), func(e entity) bool { return e.ref() == ask.EntityRef }) {
		return failure(http.StatusNotFound, "NotFoundError", "Failed to schedule "+ask.EntityRef+" for refresh").answer()
	}
	c.refreshed = append(c.refreshed, ask.EntityRef)
	return http.StatusOK, nil
}

// filter answers the syntax of people: a condition is key=value or key, and those of one filter all have to hold.
func (c *catalog) filter(r *http.Request) (int, any) {
	query := r.URL.Query()
	if query.Get("filter") == "=" {
		return failure(http.StatusBadRequest, "InputError", "Invalid filter, '=' is not a valid statement").answer()
	}
	holds := func(e entity) bool {
		return len(query["filter"]) == 0 || slices.ContainsFunc(query["filter"], func(filter string) bool {
			for condition := range strings.SplitSeq(filter, ",") {
				key, value, valued := strings.Cut(condition, "=")
				if have, found := e.value(key); !found || valued && !strings.EqualFold(have, value) {
					return false
				}
			}
			return true
		})
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	return c.page(holds, query.Get("cursor"), limit)
}

// search answers the syntax of programs, of which orbitd uses {key: {$in: […]}} and {key: {$exists: true}}.
func (c *catalog) search(r *http.Request) (int, any) {
	var ask struct {
		Query  map[string]map[string]any
		Cursor string
		Limit  int
	}
	_ = json.NewDecoder(r.Body).Decode(&ask)
	holds := func(e entity) bool {
		for key, condition := range ask.Query {
			have, found := e.value(key)
			values, in := condition["$in"].([]any)
			if !found || in && !slices.ContainsFunc(values, func(v any) bool { return strings.EqualFold(fmt.Sprint(v), have) }) {
				return false
			}
		}
		return true
	}
	return c.page(holds, ask.Cursor, ask.Limit)
}

// page is a part of the entities that the condition selects. A cursor has its condition in it, as the real one does.
func (c *catalog) page(holds func(entity) bool, name string, limit int) (int, any) {
	at := cursor{holds: holds}
	if name != "" {
		var known bool
		if at, known = c.cursors[name]; !known {
			return failure(http.StatusBadRequest, "InputError", "Malformed cursor").answer()
		}
	}
	all := slices.DeleteFunc(c.entities(), func(e entity) bool { return !at.holds(e) })
	start, info := min(at.start, len(all)), map[string]string{}
	end := min(len(all), start+limit)
	if end < len(all) {
		next := uuid.NewString()
		c.cursors[next] = cursor{at.holds, end}
		info["nextCursor"] = next
	}
	return http.StatusOK, map[string]any{"items": all[start:end], "pageInfo": info}
}

// refusal is an error as Backstage answers it.
type refusal struct {
	Error    map[string]string `json:"error"`
	Response map[string]int    `json:"response"`
}

func failure(status int, name, message string) refusal {
	return refusal{map[string]string{"name": name, "message": message}, map[string]int{"statusCode": status}}
}

func (f refusal) answer() (int, any) { return f.Response["statusCode"], f }

func writeStatus(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
