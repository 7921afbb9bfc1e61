package provider_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// fakeTokens is the tokens of the API in memory.
type fakeTokens struct {
	// tokens are by workspace and id, without their secrets.
	tokens map[string]map[string]*orbit.Token
	// issued counts both kinds, so that none has the id of an earlier one.
	issued int
	// patches are what was changed of tokens.
	patches []orbit.TokenPatch
	// access are the access tokens by id.
	access map[string]*orbit.AccessToken
	// renewableFor is how long an access token can be renewed.
	renewableFor time.Duration
	// accessWrites are the bodies of what makes and renews them.
	accessWrites []orbit.AccessTokenWrite
	// unrevokable answers every revocation with a fault of orbitd.
	unrevokable bool
}

func (f *fakeAPI) serveTokens(mux *http.ServeMux) {
	f.tokens, f.access = map[string]map[string]*orbit.Token{}, map[string]*orbit.AccessToken{}
	f.renewableFor = orbit.MaxAccessTokenAge
	mux.HandleFunc("POST /v1/instances/{workspace}/tokens", f.postToken)
	mux.HandleFunc("GET /v1/instances/{workspace}/tokens", f.listTokens)
	mux.HandleFunc("GET /v1/instances/{workspace}/tokens/{id}", f.token(f.getToken))
	mux.HandleFunc("PATCH /v1/instances/{workspace}/tokens/{id}", f.token(f.patchToken))
	mux.HandleFunc("DELETE /v1/instances/{workspace}/tokens/{id}", f.token(f.deleteToken))
	mux.HandleFunc("POST /v1/instances/{workspace}/access-tokens", f.postAccessToken)
	mux.HandleFunc("POST /v1/instances/{workspace}/access-tokens/{id}/renew", f.accessToken(f.renewAccessToken))
	mux.HandleFunc("DELETE /v1/instances/{workspace}/access-tokens/{id}", f.accessToken(f.deleteAccessToken))
}

// tokenSecret is what no plan, diagnostic and log may have in it.
const tokenSecret = "orbit_s3cret_"

func (f *fakeAPI) postToken(w http.ResponseWriter, r *http.Request) {
	var write orbit.TokenWrite
	_ = json.NewDecoder(r.Body).Decode(&write)
	f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone()})
	f.issued++
	workspace := r.PathValue("workspace")
	token := orbit.Token{
		ID: "t" + strconv.Itoa(f.issued), Workspace: workspace, Role: write.Role, Description: write.Description,
		CreatedAt: time.Now().UTC(), CreatedBy: "root",
	}
	if write.LifetimeSeconds > 0 {
		end := token.CreatedAt.Add(time.Duration(write.LifetimeSeconds) * time.Second)
		token.ExpiresAt = &end
	}
	if f.tokens[workspace] == nil {
		f.tokens[workspace] = map[string]*orbit.Token{}
	}
	stored := token
	f.tokens[workspace][token.ID] = &stored
	token.Secret = tokenSecret + token.ID
	respond(w, http.StatusCreated, token)
}

// token finds the token that a request is about.
func (f *fakeAPI) token(handle func(http.ResponseWriter, *http.Request, *orbit.Token)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			f.writes = append(f.writes, fakeWrite{Method: r.Method, Path: r.URL.Path})
		}
		token := f.tokens[r.PathValue("workspace")][r.PathValue("id")]
		if token == nil {
			refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such token")
			return
		}
		handle(w, r, token)
	}
}

func (f *fakeAPI) listTokens(w http.ResponseWriter, r *http.Request) {
	page := orbit.Page[orbit.Token]{Items: []orbit.Token{}}
	for _, token := range f.tokens[r.PathValue("workspace")] {
		page.Items = append(page.Items, *token)
	}
	respond(w, http.StatusOK, page)
}

func (f *fakeAPI) getToken(w http.ResponseWriter, _ *http.Request, token *orbit.Token) {
	respond(w, http.StatusOK, token)
}

func (f *fakeAPI) patchToken(w http.ResponseWriter, r *http.Request, token *orbit.Token) {
	var patch orbit.TokenPatch
	_ = json.NewDecoder(r.Body).Decode(&patch)
	f.patches = append(f.patches, patch)
	if patch.Role != nil {
		token.Role = *patch.Role
	}
	if patch.Description != nil {
		token.Description = *patch.Description
	}
	respond(w, http.StatusOK, token)
}

func (f *fakeAPI) deleteToken(w http.ResponseWriter, r *http.Request, token *orbit.Token) {
	delete(f.tokens[r.PathValue("workspace")], token.ID)
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeAPI) postAccessToken(w http.ResponseWriter, r *http.Request) {
	instance := f.instances[r.PathValue("workspace")]
	if instance == nil {
		refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such instance")
		return
	}
	f.issued++
	token := &orbit.AccessToken{
		ID: "a" + strconv.Itoa(f.issued), APIURL: instance.APIURL, RenewableUntil: time.Now().Add(f.renewableFor),
	}
	f.access[token.ID] = token
	f.prolong(r, token)
	answer := *token
	answer.Secret = tokenSecret + token.ID
	respond(w, http.StatusCreated, answer)
}

// prolong lets the token last as long as the request says, from now on.
func (f *fakeAPI) prolong(r *http.Request, token *orbit.AccessToken) {
	var write orbit.AccessTokenWrite
	_ = json.NewDecoder(r.Body).Decode(&write)
	f.accessWrites = append(f.accessWrites, write)
	lifetime := time.Duration(write.LifetimeSeconds) * time.Second
	if lifetime == 0 {
		lifetime = orbit.DefaultAccessTokenLifetime
	}
	token.ExpiresAt = time.Now().Add(lifetime)
	if token.ExpiresAt.After(token.RenewableUntil) {
		token.ExpiresAt = token.RenewableUntil
	}
}

// accessToken finds the access token that a request is about.
func (f *fakeAPI) accessToken(handle func(http.ResponseWriter, *http.Request, *orbit.AccessToken)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := f.access[r.PathValue("id")]
		if token == nil {
			refuse(w, http.StatusNotFound, orbit.CodeNotFound, "no such token")
			return
		}
		handle(w, r, token)
	}
}

func (f *fakeAPI) renewAccessToken(w http.ResponseWriter, r *http.Request, token *orbit.AccessToken) {
	f.prolong(r, token)
	respond(w, http.StatusOK, token)
}

func (f *fakeAPI) deleteAccessToken(w http.ResponseWriter, _ *http.Request, token *orbit.AccessToken) {
	if f.unrevokable {
		refuse(w, http.StatusInternalServerError, orbit.CodeInternal, "it cannot be revoked")
		return
	}
	delete(f.access, token.ID)
	w.WriteHeader(http.StatusNoContent)
}
