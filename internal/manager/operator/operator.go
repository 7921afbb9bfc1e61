// Package operator is the page for those who run orbitd: what there is, what it does, and why. It is read in a browser,
// changes nothing, and shows whoever signed in what their token may read.
package operator

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Path is where the page is below the API's address.
const Path = "/ui/"

// Reader knows what is declared and observed. It shows nothing of other workspaces to whoever is limited to one.
type Reader interface {
	Instances(ctx context.Context, query orbit.InstanceQuery) (orbit.Page[orbit.Instance], error)
	// InstanceWithPlugins returns store.ErrNotFound where the workspace has no instance.
	InstanceWithPlugins(ctx context.Context, workspace string) (orbit.Instance, error)
	// Logs returns at most lines of the newest lines of the instance's log, oldest first, with its secrets masked.
	Logs(ctx context.Context, workspace string, lines int) ([]string, error)
}

// History knows what became of changes, and what happened.
type History interface {
	// Recent returns what a list says of each workspace.
	Recent(ctx context.Context, workspaces []string) (map[string]store.Recent, error)
	// Changes returns changes whose id is below before, newest first; "" is all.
	Changes(ctx context.Context, workspace, before string, limit int) ([]orbit.Change, error)
	// RolloutChanges returns those that a rollout carried, or the one change of that id.
	RolloutChanges(ctx context.Context, workspace, id string) ([]orbit.Change, error)
	RolloutEvents(ctx context.Context, workspace, id string) ([]orbit.Event, error)
	// NewestEvents returns the newest events of the workspace, or with "" of all, oldest first.
	NewestEvents(ctx context.Context, workspace string, limit int) ([]orbit.Event, error)
	// Events and AllEvents return events whose id is above after, oldest first.
	Events(ctx context.Context, workspace string, after int64, limit int) ([]orbit.Event, error)
	AllEvents(ctx context.Context, after int64, limit int) ([]orbit.Event, error)
}

// Vault seals what a browser keeps.
type Vault interface {
	Carry(value []byte, purpose string) (string, error)
	Carried(text, purpose string) ([]byte, error)
}

// Options are what the page is made from.
type Options struct {
	Reader  Reader
	History History
	Vault   Vault
	// Auth tells who signs in.
	Auth auth.Authenticator
	// API answers whatever is not the page's.
	API http.Handler
	// Happened returns a channel that is closed at the next event of any workspace.
	Happened func() <-chan struct{}
	// Ending is done when streams have to end, because orbitd does.
	Ending context.Context
	// TLS says that browsers come over TLS alone.
	TLS     bool
	Version string
	Logger  *slog.Logger
}

// operator is what the handlers share.
type operator struct {
	Options
	look    *look
	streams chan struct{} // has a value for each stream that is open
}

// What pages ask of whoever wants them.
var ( //nolint:gochecknoglobals // the columns of a table
	readsWorkspace = auth.Permission{Role: orbit.RoleReader, About: auth.AboutWorkspace}
	readsOwn       = auth.Permission{Role: orbit.RoleReader, About: auth.AboutOwn}
)

// New returns the handler of the page, and of the API beside it.
func New(o Options) http.Handler {
	p := &operator{Options: o, look: newLook(), streams: make(chan struct{}, maxStreams)}
	const workspace = "workspaces/{workspace}"
	pages := http.NewServeMux()
	pages.Handle("GET "+Path+"assets/{file}", assets())
	pages.HandleFunc("GET "+Path+"sign-in", p.signInForm)
	pages.Handle("POST "+Path+"sign-in", p.sameOrigin(p.signIn))
	pages.Handle("POST "+Path+"sign-out", p.sameOrigin(p.signOut))
	pages.HandleFunc("GET "+Path+"{$}", p.page(readsOwn, p.workspaces))
	pages.HandleFunc("GET "+Path+"events", p.page(readsOwn, p.events))
	pages.HandleFunc("GET "+Path+"events/stream", p.stream(readsOwn, p.eventSource))
	pages.HandleFunc("GET "+Path+workspace, p.page(readsWorkspace, p.workspace))
	pages.HandleFunc("GET "+Path+workspace+"/rollouts", p.page(readsWorkspace, p.rollouts))
	pages.HandleFunc("GET "+Path+workspace+"/rollouts/{id}", p.page(readsWorkspace, p.rollout))
	pages.HandleFunc("GET "+Path+workspace+"/log", p.page(readsWorkspace, p.log))
	pages.HandleFunc("GET "+Path+workspace+"/log/stream", p.stream(readsWorkspace, p.logSource))
	pages.HandleFunc("GET "+Path+workspace+"/events/stream", p.stream(readsWorkspace, p.eventSource))
	pages.HandleFunc("GET "+Path, p.page(readsOwn, nowhere))
	guarded := withHeaders(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, Path):
			guarded.ServeHTTP(w, r)
		case isBrowser(r) && (r.URL.Path == "/" || r.URL.Path+"/" == Path):
			http.Redirect(w, r, Path, http.StatusSeeOther)
		default:
			o.API.ServeHTTP(w, r)
		}
	})
}

// nowhere is where no page is.
func nowhere(*http.Request) (view, error) { return view{}, store.ErrNotFound }

// isBrowser says whether somebody opens an address by hand, or follows a link.
func isBrowser(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Authorization") == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// contentSecurityPolicy lets the page have its own files and nothing else.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// withHeaders tells browsers what nobody may do with the page.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // with none a form's Origin would be null
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
