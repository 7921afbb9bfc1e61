package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

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

// authorize lets nothing but /healthz pass without a token.
func authorize(auth Authorizer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && !auth.Authorized(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="orbit"`)
			writeProblem(w, r, http.StatusUnauthorized, orbit.CodeUnauthorized, "Not signed in",
				"send the API token as Authorization: Bearer <token>; orbitd wrote it to the file token in its data directory at its first start")
			return
		}
		next.ServeHTTP(w, r)
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
			"duration", time.Since(start), "request_id", requestIDFrom(r.Context()))
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
