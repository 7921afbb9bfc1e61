package operator

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// errForbidden says that the session's token may not see the page.
var errForbidden = errors.New("not allowed")

// admit tells whose request it is, if they may do it: errNoSession, an error of auth, or one that wraps errForbidden.
func (p *operator) admit(r *http.Request, needs auth.Permission) (auth.Principal, error) {
	token, err := p.tokenOf(r)
	if err != nil {
		return auth.Principal{}, err
	}
	principal, err := p.Auth.Authenticate(r.Context(), token)
	if err != nil {
		return principal, err
	}
	if err := needs.Check(principal, r.PathValue("workspace")); err != nil {
		return principal, errors.Join(errForbidden, err)
	}
	return principal, nil
}

// signedIn lets those pass who may do it, and shows others the way.
func (p *operator) signedIn(needs auth.Permission, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		principal, err := p.admit(r, needs)
		r = r.WithContext(auth.NewContext(r.Context(), principal))
		switch {
		case err == nil && !isText(r.URL.Path):
			p.fail(w, r, store.ErrNotFound)
		case err == nil:
			handle(w, r)
		case errors.Is(err, errForbidden) || errors.Is(err, auth.ErrUnavailable):
			p.fail(w, r, err)
		case strings.Contains(r.Header.Get("Accept"), eventStreamType):
			http.Error(w, "sign in first", http.StatusUnauthorized)
		default:
			http.Redirect(w, r, Path+"sign-in?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		}
	}
}

// isText says whether there can be anything of that name: the store has no place for a NUL or for bytes that are no UTF-8.
func isText(name string) bool { return utf8.ValidString(name) && !strings.Contains(name, "\x00") }

// page answers with a page, for whoever may see it.
func (p *operator) page(needs auth.Permission, make func(*http.Request) (view, error)) http.HandlerFunc {
	return p.signedIn(needs, func(w http.ResponseWriter, r *http.Request) {
		v, err := make(r)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		p.show(w, r, http.StatusOK, v)
	})
}

// refusalView is a page that is not there, and why.
type refusalView struct{ Why, RequestID string }

func refusal(title, why string) view {
	return view{Name: "refusal", Title: title, Content: refusalView{Why: why}}
}

// fail shows why there is no page. What is not meant for people goes to the log alone.
func (p *operator) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errForbidden):
		p.show(w, r, http.StatusForbidden, refusal("Not for this token",
			"The token that you signed in with may not see this workspace. Sign out, and in again with one that may."))
	case errors.Is(err, store.ErrNotFound):
		p.show(w, r, http.StatusNotFound, refusal("Not found",
			"There is nothing here. It may be gone: changes and events are kept for 7 days."))
	case errors.Is(err, context.Canceled):
	case errors.Is(err, auth.ErrUnavailable), store.Unavailable(err):
		p.Logger.WarnContext(r.Context(), "page not shown", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "1")
		p.show(w, r, http.StatusServiceUnavailable, refusal("Not now",
			"What orbitd needs for this page does not answer now. Try again in a moment."))
	default:
		id := uuid.Must(uuid.NewV7()).String()
		p.Logger.ErrorContext(r.Context(), "page not shown", "path", r.URL.Path, "request_id", id, "error", err)
		p.show(w, r, http.StatusInternalServerError, view{Name: "refusal", Title: "Something is wrong", Content: refusalView{
			Why: "orbitd could not make this page; its log says why, under the request id.", RequestID: id,
		}})
	}
}
