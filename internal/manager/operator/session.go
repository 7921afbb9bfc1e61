package operator

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

const (
	// sessionLifetime is how long somebody stays signed in.
	sessionLifetime = 8 * time.Hour
	sessionCookie   = "orbit_session"
	// sessionPurpose is what a session is sealed for.
	sessionPurpose = "session of the operator's page"
	// maxCookie is how much of a cookie every browser keeps, in bytes.
	maxCookie = 4000
)

// session is what the cookie of somebody who signed in has in it. orbitd keeps nothing of it, so that a restart ends none,
// and asks at every request anew what the token is good for, so that its end is the session's.
type session struct {
	Token string    `json:"token"`
	Until time.Time `json:"until"`
}

var (
	errNoSession   = errors.New("nobody is signed in")
	errTokenLength = errors.New("the token does not fit into a cookie")
)

// begin gives the browser a session of the token.
func (p *operator) begin(w http.ResponseWriter, token string) error {
	content, err := json.Marshal(session{Token: token, Until: time.Now().Add(sessionLifetime)})
	if err != nil {
		return err
	}
	sealed, err := p.Vault.Carry(content, sessionPurpose)
	if err != nil {
		return err
	}
	if len(sealed) > maxCookie {
		return errTokenLength
	}
	http.SetCookie(w, p.cookie(sealed, int(sessionLifetime/time.Second)))
	return nil
}

// end has the browser forget its session.
func (p *operator) end(w http.ResponseWriter) { http.SetCookie(w, p.cookie("", -1)) }

func (p *operator) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // without TLS the API is on loopback alone
		Name: sessionCookie, Value: value, Path: Path, MaxAge: maxAge, HttpOnly: true, Secure: p.TLS, SameSite: http.SameSiteStrictMode,
	}
}

// tokenOf is the token of the request's session, or errNoSession.
func (p *operator) tokenOf(r *http.Request) (string, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", errNoSession
	}
	content, err := p.Vault.Carried(cookie.Value, sessionPurpose)
	if err != nil {
		return "", errNoSession
	}
	var s session
	if err := json.Unmarshal(content, &s); err != nil || !time.Now().Before(s.Until) {
		return "", errNoSession
	}
	return s.Token, nil
}
