package provider_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const fakeToken = "the-token"

// fakeAPI is orbitd's API over a map: what a write declares is there at once, and a change is applied when it is asked
// for, unless a test says otherwise.
type fakeAPI struct {
	*httptest.Server

	mu        sync.Mutex
	instances map[string]*orbit.Instance
	plugins   map[string]map[string]*orbit.Plugin
	secrets   map[string]map[string]string
	changes   map[string]*fakeChange
	writes    []fakeWrite

	// fail puts every write back with this problem.
	fail *orbit.Problem
	// refusal answers every write that changes something.
	refusal *orbit.Problem
	// warnings are those of every applied change.
	warnings []orbit.Diagnostic
	// costs is what every changing write costs now; empty means what it was planned to.
	costs orbit.Impact
	// reasons are those of every change of an instance.
	reasons []orbit.Reason
	// plan is what the plan route answers; nil means that it finds nothing and expects a restart.
	plan *orbit.PlanResult
	// waiting is sent to by every poll; nil lets polls answer at once. A test that sets it lets them hang.
	waiting chan struct{}
	// resolved are the exact versions that ranges mean, where that is not the version in the range; "" is not known.
	resolved map[string]string
	// frontend are the packages that are a part of the web app.
	frontend map[string]bool
	// starting is how many reads of an instance still find orbitd starting.
	starting int
	// provisioning is how many reads of an instance still find its first boot under way.
	provisioning int
	// older ignores include=plugins, as an orbitd does that does not know it.
	older bool
	// reads counts the instances that were read.
	reads int
	// keepsRubble leaves an instance whose creation failed.
	keepsRubble bool

	fakeCatalog
	fakeVerbs
	fakeTokens
}

// fakeWrite is one write as the API got it.
type fakeWrite struct {
	Method, Path string
	Header       http.Header
	Instance     orbit.InstanceWrite
	Plugin       orbit.PluginWrite
	Plan         orbit.PlanRequest
}

type fakeChange struct {
	orbit.Change
	putBack func()
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{
		instances: map[string]*orbit.Instance{}, plugins: map[string]map[string]*orbit.Plugin{},
		secrets: map[string]map[string]string{}, changes: map[string]*fakeChange{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/instances/{workspace}", f.getInstance)
	mux.HandleFunc("PUT /v1/instances/{workspace}", f.putInstance)
	mux.HandleFunc("DELETE /v1/instances/{workspace}", f.deleteInstance)
	mux.HandleFunc("POST /v1/instances/{workspace}/plan", f.postPlan)
	mux.HandleFunc("GET /v1/instances/{workspace}/plugins", f.listPlugins)
	mux.HandleFunc("GET /v1/instances/{workspace}/plugins/{package}", f.getPlugin)
	mux.HandleFunc("PUT /v1/instances/{workspace}/plugins/{package}", f.putPlugin)
	mux.HandleFunc("DELETE /v1/instances/{workspace}/plugins/{package}", f.deletePlugin)
	mux.HandleFunc("GET /v1/changes/{id}", f.getChange)
	f.serveLists(mux)
	f.serveCatalog(mux)
	f.serveVerbs(mux)
	f.serveTokens(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, orbit.CodeNoRoute, "GET /openapi.json describes the API")
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+fakeToken {
			refuse(w, http.StatusUnauthorized, orbit.CodeUnauthorized, "send the API token as Authorization: Bearer <token>")
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code orbit.Code, detail string) {
	w.Header().Set("Content-Type", orbit.ProblemMediaType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(orbit.Problem{Title: "Refused", Code: code, Detail: detail, RequestID: "r-1"})
}

func tag(spec any) string {
	content, _ := json.Marshal(spec)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// admit answers for a write whose precondition does not hold.
func (f *fakeAPI) admit(w http.ResponseWriter, r *http.Request, exists bool, etag string, write orbit.WriteOptions) bool {
	match := strings.Trim(r.Header.Get("If-Match"), `"`)
	switch {
	case r.Header.Get("If-None-Match") == "*" && exists:
		refuse(w, http.StatusConflict, orbit.CodeAlreadyExists, "it exists; import it with terraform import ADDRESS ID")
	case r.Header.Get("If-None-Match") == "" && match == "":
		refuse(w, http.StatusPreconditionRequired, orbit.CodePreconditionMiss, "no precondition")
	case match != "" && !exists:
		refuse(w, http.StatusPreconditionFailed, orbit.CodeStale, "it was deleted since it was read; plan again")
	case match != "" && match != etag:
		refuse(w, http.StatusPreconditionFailed, orbit.CodeStale, "somebody else changed it since it was read; nothing was touched, plan again")
	case f.costs != "" && write.MaxImpact.Valid() && f.costs.Exceeds(write.MaxImpact):
		refuse(w, http.StatusConflict, orbit.CodeImpactExceeded, "planned "+string(write.MaxImpact)+", now a "+string(f.costs)+"; nothing was touched, plan again")
	case f.refusal != nil && match != "":
		w.Header().Set("Content-Type", orbit.ProblemMediaType)
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(f.refusal)
	default:
		return true
	}
	return false
}

func (f *fakeAPI) accept(w http.ResponseWriter, change orbit.Change, putBack func()) {
	change.ID = "c" + strconv.Itoa(len(f.changes)+1)
	change.State, change.CreatedAt = orbit.ChangePending, time.Unix(1, 0).UTC()
	f.changes[change.ID] = &fakeChange{change, putBack}
	change.RequestID = "r-put" // of this answer alone
	respond(w, http.StatusAccepted, change)
}

func (f *fakeAPI) getInstance(w http.ResponseWriter, r *http.Request) {
	if f.starting > 0 {
		f.starting--
		w.Header().Set("Retry-After", "0")
		refuse(w, http.StatusServiceUnavailable, orbit.CodeStarting, "orbitd is starting")
		return
	}
	workspace := r.PathValue("workspace")
	instance, ok := f.instances[workspace]
	switch {
	case !ok && len(f.plugins[workspace]) > 0: // that of a test which is about a plugin alone
		instance = &orbit.Instance{Workspace: workspace, Status: orbit.InstanceStatus{Phase: orbit.PhaseReady}}
	case !ok:
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such instance")
		return
	}
	f.reads++
	shown := *instance
	if f.provisioning > 0 {
		f.provisioning--
		shown.Status = orbit.InstanceStatus{Phase: orbit.PhaseProvisioning}
	}
	if r.URL.Query().Get("include") == "plugins" && !f.older {
		shown.AllPlugins = []orbit.Plugin{}
		for _, name := range slices.Sorted(maps.Keys(f.plugins[instance.Workspace])) {
			shown.AllPlugins = append(shown.AllPlugins, *f.plugins[instance.Workspace][name])
		}
	}
	respond(w, http.StatusOK, shown)
}

func (f *fakeAPI) putInstance(w http.ResponseWriter, r *http.Request) {
	workspace := r.PathValue("workspace")
	var write orbit.InstanceWrite
	_ = json.NewDecoder(r.Body).Decode(&write)
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Instance: write})
	f.resolveAll(write.Plugins)
	before := f.instances[workspace]
	var etag string
	if before != nil {
		etag = before.ETag
	}
	if !f.admit(w, r, before != nil, etag, write.WriteOptions) {
		return
	}
	impact := cmp.Or(f.costs, instanceImpact(before, write.InstanceSpec))
	pending, refused := f.obeyPolicy(w, write.RestartPolicy, impact)
	if refused {
		return
	}
	waits := before != nil && before.Status.PendingRestart && !write.RestartPolicy.Automatic() && f.costs != orbit.ImpactNone
	secretsBefore := f.secrets[workspace]
	if write.Secrets != nil {
		f.secrets[workspace] = write.Secrets
	}
	url := cmp.Or(write.BaseURL, "http://"+workspace+".localhost:7007")
	f.instances[workspace] = &orbit.Instance{
		Workspace: workspace, InstanceSpec: write.InstanceSpec, ETag: tag(write.InstanceSpec),
		SecretNames: slices.Sorted(maps.Keys(f.secrets[workspace])),
		URL:         url, APIURL: url + "/api",
		DatabaseName: "backstage_" + workspace, Generation: int64(len(f.changes) + 1), CreatedAt: time.Unix(1, 0).UTC(),
		Status: orbit.InstanceStatus{Phase: orbit.PhaseReady, PID: 42, PendingRestart: pending || waits, Conditions: []orbit.Condition{
			{Type: orbit.ConditionReady, Status: "True", Reason: "Serving"},
		}},
	}
	f.accept(w, orbit.Change{Workspace: workspace, Operation: operation(before != nil), Impact: impact, Reasons: f.reasons, PendingRestart: pending}, func() {
		f.secrets[workspace] = secretsBefore
		switch {
		case before != nil:
			f.instances[workspace] = before
		case !f.keepsRubble:
			delete(f.instances, workspace)
		}
	})
}

func (f *fakeAPI) deleteInstance(w http.ResponseWriter, r *http.Request) {
	workspace := r.PathValue("workspace")
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path})
	instance, ok := f.instances[workspace]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such instance")
	case instance.DeletionProtection:
		refuse(w, http.StatusConflict, orbit.CodeDeletionProtect, "deletion_protection is on")
	default:
		plugins := f.plugins[workspace]
		delete(f.instances, workspace)
		delete(f.plugins, workspace)
		f.accept(w, orbit.Change{Workspace: workspace, Operation: orbit.OperationDelete}, func() {
			f.instances[workspace], f.plugins[workspace] = instance, plugins
		})
	}
}

func (f *fakeAPI) postPlan(w http.ResponseWriter, r *http.Request) {
	var request orbit.PlanRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path, Plan: request})
	if f.plan != nil {
		respond(w, http.StatusOK, f.plan)
		return
	}
	policy := f.policy(r.PathValue("workspace"))
	if request.Instance != nil {
		policy = request.Instance.RestartPolicy
	}
	result := orbit.PlanResult{
		Impact: orbit.ImpactRestart, PendingRestart: policy == orbit.RestartManual, ResolvedVersions: f.resolvedVersions(request),
	}
	if policy == orbit.RestartForbid && request.Instance == nil {
		result.Diagnostics = []orbit.Diagnostic{
			{Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Path: "here", Message: "it costs a restart"},
			{Code: orbit.CodeRestartForbidden, Severity: orbit.SeverityError, Path: "there", Message: "it costs a restart"},
		}
	}
	respond(w, http.StatusOK, result)
}

func (f *fakeAPI) listPlugins(w http.ResponseWriter, r *http.Request) {
	if f.instances[r.PathValue("workspace")] == nil {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "the workspace has no instance")
		return
	}
	page := orbit.Page[orbit.Plugin]{Items: []orbit.Plugin{}}
	for _, plugin := range f.plugins[r.PathValue("workspace")] {
		page.Items = append(page.Items, *plugin)
	}
	respond(w, http.StatusOK, page)
}

func (f *fakeAPI) getPlugin(w http.ResponseWriter, r *http.Request) {
	plugin, ok := f.plugins[r.PathValue("workspace")][r.PathValue("package")]
	if !ok {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such plugin")
		return
	}
	respond(w, http.StatusOK, plugin)
}

func (f *fakeAPI) putPlugin(w http.ResponseWriter, r *http.Request) {
	workspace, pkg := r.PathValue("workspace"), r.PathValue("package")
	var write orbit.PluginWrite
	_ = json.NewDecoder(r.Body).Decode(&write)
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Plugin: write})
	write.PluginSpec = f.resolve(pkg, write.PluginSpec)
	before := f.plugins[workspace][pkg]
	var etag string
	if before != nil {
		etag = before.ETag
	}
	if before != nil && before.Owner == orbit.OwnerInstance {
		refuse(w, http.StatusConflict, orbit.CodePluginOwned, "the plugins map of instance "+workspace+" declares "+pkg)
		return
	}
	if !f.admit(w, r, before != nil, etag, write.WriteOptions) {
		return
	}
	impact := cmp.Or(f.costs, orbit.ImpactRestart)
	pending, refused := f.obeyPolicy(w, f.policy(workspace), impact)
	if refused {
		return
	}
	if instance := f.instances[workspace]; instance != nil {
		instance.Status.PendingRestart = instance.Status.PendingRestart || pending
	}
	if f.plugins[workspace] == nil {
		f.plugins[workspace] = map[string]*orbit.Plugin{}
	}
	f.plugins[workspace][pkg] = &orbit.Plugin{
		Workspace: workspace, Package: pkg, PluginSpec: write.PluginSpec, Owner: orbit.OwnerPlugin, ETag: tag(write.PluginSpec),
		SecretNames: slices.Sorted(maps.Keys(write.Secrets)),
	}
	change := orbit.Change{Workspace: workspace, Plugin: pkg, Operation: operation(before != nil), Impact: impact, PendingRestart: pending}
	f.accept(w, change, func() {
		delete(f.plugins[workspace], pkg)
		if before != nil {
			f.plugins[workspace][pkg] = before
		}
	})
}

func (f *fakeAPI) deletePlugin(w http.ResponseWriter, r *http.Request) {
	workspace, pkg := r.PathValue("workspace"), r.PathValue("package")
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path})
	if _, ok := f.plugins[workspace][pkg]; !ok {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such plugin")
		return
	}
	pending, refused := f.obeyPolicy(w, f.policy(workspace), orbit.ImpactRestart)
	if refused {
		return
	}
	delete(f.plugins[workspace], pkg)
	f.accept(w, orbit.Change{Workspace: workspace, Plugin: pkg, Operation: orbit.OperationDelete, PendingRestart: pending}, func() {})
}

func operation(exists bool) orbit.Operation {
	if exists {
		return orbit.OperationUpdate
	}
	return orbit.OperationCreate
}

func (f *fakeAPI) getChange(w http.ResponseWriter, r *http.Request) {
	change, ok := f.changes[r.PathValue("id")]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such change")
		return
	case r.URL.Query().Get("wait") == "":
		respond(w, http.StatusOK, change.Change)
		return
	case f.waiting != nil && change.State == orbit.ChangePending:
		waiting := f.waiting
		f.mu.Unlock()
		select {
		case waiting <- struct{}{}:
			<-r.Context().Done()
		case <-r.Context().Done():
		}
		f.mu.Lock()
		return
	}
	if len(f.steps) > 0 {
		change.Progress, f.steps = f.steps[0], f.steps[1:]
		respond(w, http.StatusOK, change.Change)
		return
	}
	if change.State == orbit.ChangePending {
		change.State = orbit.ChangeApplied
		change.Warnings = f.warnings
		if f.fail != nil {
			change.State, change.Problem = orbit.ChangeFailed, f.fail
			change.putBack()
		}
	}
	respond(w, http.StatusOK, change.Change)
}

// sent returns the writes of one method, in their order.
func (f *fakeAPI) sent(method string) []fakeWrite {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []fakeWrite
	for _, write := range f.writes {
		if write.Method == method {
			found = append(found, write)
		}
	}
	return found
}

// change does something to the API's world behind Terraform's back.
func (f *fakeAPI) change(t *testing.T, do func()) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}
