package provider_test

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// fakeVerbs is what the API in memory is asked to do, and declares nothing.
type fakeVerbs struct {
	// restarts are those that were asked for.
	restarts []orbit.RestartRequest
	// steps are what a rollout says it is doing, one a poll.
	steps []string
	// refreshed are the entities that were to be read again.
	refreshed []string
	// unknownEntities are those that the catalog does not have.
	unknownEntities []string
}

func (f *fakeAPI) serveVerbs(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/instances/{workspace}/restart", f.postRestart)
	mux.HandleFunc("POST /v1/instances/{workspace}/catalog/refresh", f.catalog(f.postRefresh))
}

func (f *fakeAPI) postRestart(w http.ResponseWriter, r *http.Request) {
	workspace := r.PathValue("workspace")
	var request orbit.RestartRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	instance := f.instances[workspace]
	if instance == nil {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such instance")
		return
	}
	f.restarts = append(f.restarts, request)
	pending := instance.Status.PendingRestart
	if f.fail == nil {
		instance.Status.PendingRestart = false
	}
	f.accept(w, orbit.Change{
		Workspace: workspace, Operation: orbit.OperationRestart, Impact: orbit.ImpactRestart,
		Reasons: []orbit.Reason{{Path: "instance", Impact: orbit.ImpactRestart, Because: "a restart was asked for"}},
	}, func() { instance.Status.PendingRestart = pending })
}

func (f *fakeAPI) postRefresh(w http.ResponseWriter, r *http.Request) {
	var request orbit.CatalogRefresh
	_ = json.NewDecoder(r.Body).Decode(&request)
	if slices.Contains(f.unknownEntities, request.EntityRef) {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "the catalog has no such entity")
		return
	}
	f.refreshed = append(f.refreshed, request.EntityRef)
	w.WriteHeader(http.StatusNoContent)
}
