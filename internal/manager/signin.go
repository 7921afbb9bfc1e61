package manager

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// signIn lets whoever has orbitd's own token use the API, and admins of the other authenticator.
type signIn struct {
	token  auth.Token
	other  auth.Authenticator
	logger *slog.Logger
}

// Authorized says whether the request may be served.
func (s signIn) Authorized(r *http.Request) bool {
	if s.token.Authorized(r) {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if s.other == nil || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	principal, err := s.other.Authenticate(r.Context(), strings.TrimSpace(token))
	if err != nil && !errors.Is(err, auth.ErrUnknownToken) {
		s.logger.InfoContext(r.Context(), "not signed in", "error", err)
	}
	return err == nil && principal.Role == orbit.RoleAdmin
}
