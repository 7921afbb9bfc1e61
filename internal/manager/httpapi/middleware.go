package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// requestIDHeader names a request in both programs' logs; a client may choose the id.
const requestIDHeader = "X-Request-Id"

// maxRequestID bounds what a client may write into the log.
const maxRequestID = 64

type requestIDKey struct{}

func requestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if id == "" || len(id) > maxRequestID {
			id = uuid.Must(uuid.NewV7()).String()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// refusalTimeout is how long whoever is not signed in may take to send what nobody reads.
const refusalTimeout = 5 * time.Second

// authenticate lets nothing but /healthz pass without a token, and says in the context whose it is. Strangers learn nothing
// of the tokens that there are or were.
func authenticate(by auth.Authenticator, logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		var principal auth.Principal
		token, err := auth.Bearer(r)
		if err == nil {
			principal, err = by.Authenticate(r.Context(), token)
		}
		if err == nil {
			next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), principal)))
			return
		}
		// The server reads what is left of a body before it answers, and whoever is not signed in may not have it wait for that.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(refusalTimeout))
		if errors.Is(err, auth.ErrUnavailable) {
			logger.WarnContext(r.Context(), "cannot tell who signs in", "request_id", requestIDFrom(r.Context()), "error", err)
			w.Header().Set("Retry-After", "1")
			writeProblem(w, r, http.StatusServiceUnavailable, orbit.CodeUnavailable, "Cannot tell who signs in",
				"what orbitd needs to know whose the token is does not answer now; try again")
			return
		}
		const whence = "orbitd wrote one to the file token in its data directory at its first start, and makes others with orbitd token create"
		detail := err.Error()
		switch {
		case errors.Is(err, auth.ErrNoToken):
			detail = "send an API token as Authorization: Bearer <token>; " + whence
		case errors.Is(err, auth.ErrUnknownToken):
			detail = "the token is not known; neither is one that was revoked. " + whence
		}
		logger.InfoContext(r.Context(), "not signed in", "request_id", requestIDFrom(r.Context()), "address", r.RemoteAddr, "error", err)
		w.Header().Set("WWW-Authenticate", `Bearer realm="orbit"`)
		writeProblem(w, r, http.StatusUnauthorized, orbit.CodeUnauthorized, "Not signed in", detail)
	})
}

// logged writes one line for every request: reads at debug level, writes at info.
func logged(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		level := slog.LevelDebug
		if r.Method != http.MethodGet {
			level = slog.LevelInfo
		}
		logger.Log(r.Context(), level, "request", "method", r.Method, "path", r.URL.Path, "status", recorder.status,
			"subject", auth.FromContext(r.Context()).Subject, "duration", time.Since(start), "request_id", requestIDFrom(r.Context()))
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
