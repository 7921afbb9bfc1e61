package operator

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

// maxForm bounds the form's body, in bytes: room for the longest token.
const maxForm = 32 << 10

// signInView is the form.
type signInView struct {
	// Next is the page to go on with.
	Next string
	// Problem is what is wrong with the last attempt; "" on the first.
	Problem string
}

func (p *operator) signInForm(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, view{Name: "signin", Title: "Sign in", Content: signInView{Next: next(r.FormValue("next"))}})
}

// signIn begins a session. Whoever fails learns nothing of the tokens that there are.
func (p *operator) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token := strings.TrimSpace(r.PostFormValue("token"))
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	principal, err := p.authenticate(r, token)
	if err == nil {
		err = p.begin(w, token)
	}
	if err == nil {
		p.Logger.InfoContext(r.Context(), "signed in to the operator's page", "subject", principal.Subject, "role", principal.Role,
			"workspace", principal.Workspace, "address", address)
		http.Redirect(w, r, next(r.PostFormValue("next")), http.StatusSeeOther)
		return
	}
	p.Logger.InfoContext(r.Context(), "not signed in to the operator's page", "address", address, "error", err)
	status, problem := http.StatusUnauthorized, "This token does not sign in. It may be mistyped, revoked or expired."
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		status, problem = http.StatusServiceUnavailable, "Whose token it is cannot be told now. Try again in a moment."
		w.Header().Set("Retry-After", "1")
	case errors.Is(err, errTokenLength):
		status = http.StatusUnprocessableEntity
		problem = "The token is too long for a browser's cookie. Sign in with one that orbitd token create made."
	}
	p.show(w, r, status, view{
		Name: "signin", Title: "Sign in", Content: signInView{Next: next(r.PostFormValue("next")), Problem: problem},
	})
}

// authenticate tells whose a token is. It takes those that a request to the API could bring, and no others.
func (p *operator) authenticate(r *http.Request, token string) (auth.Principal, error) {
	brought := &http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}}
	token, err := auth.Bearer(brought)
	if err != nil {
		return auth.Principal{}, err
	}
	return p.Auth.Authenticate(r.Context(), token)
}

func (p *operator) signOut(w http.ResponseWriter, r *http.Request) {
	p.end(w)
	http.Redirect(w, r, Path+"sign-in", http.StatusSeeOther)
}

// sameOrigin takes forms of the page's own alone: nobody else signs a browser in or out.
func (p *operator) sameOrigin(handle http.HandlerFunc) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.show(w, r, http.StatusForbidden, refusal("Not from here",
			"The form was sent from another site. Open the page itself and sign in there."))
	}))
	return protection.Handler(handle)
}

// next is a page to go on with: one of here, whatever it was given.
func next(given string) string {
	target, err := url.Parse(given)
	if err != nil || target.IsAbs() || target.Host != "" || !strings.HasPrefix(target.Path, Path) || strings.Contains(given, `\`) {
		return Path
	}
	return target.String()
}
