package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// ServeHTTP passes the request to its workspace's target, after waiting where the workspace is held.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.received.ServeHTTP(w, r) }

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
	route := (*g.hosts.Load())[canonicalHost(r.Host)]
	if route == nil || r.Method == http.MethodConnect {
		answerUnknownHost(w, r)
		return
	}
	if route.home.Load().sends(w, r) {
		return
	}
	var heldUntil, refusedUntil time.Time // one bound for all of a request's waits of a kind
	for {
		s := route.state.Load()
		switch {
		case s.removed:
			answerUnknownHost(w, r)
			return
		case s.held:
			if !g.wait(w, r, route, s, &heldUntil, g.holdTimeout(r)) {
				return
			}
		case s.target == nil:
			answerAbsent(w, r, route, s)
			return
		case !g.admit(w, r, route.workspace): // after any wait: a token can be revoked meanwhile
			return
		default:
			switch s.target.serve(w, r) {
			case served:
				return
			case turnedAway:
				if route.state.Load() == s { // drained, and nothing took its place
					answerUnavailable(w, r, route.workspace, Unavailable, "")
					return
				}
			case refused:
				if !g.wait(w, r, route, s, &refusedUntil, g.options.RetryTimeout) {
					return
				}
			}
		}
	}
}

// wait waits until the route changes, at most timeout from the first call for *until. When it returns false the request
// has its answer.
func (g *Gateway) wait(w http.ResponseWriter, r *http.Request, route *route, s *state, until *time.Time,
	timeout time.Duration) bool {
	if until.IsZero() {
		*until = time.Now().Add(timeout)
	}
	err := route.wait(r.Context(), s, g.options.HoldLimit, *until)
	switch {
	case err == nil:
		return true
	case r.Context().Err() != nil:
		w.WriteHeader(statusClientGone)
	case s.held:
		if !navigates(r) || errors.Is(err, errWaitFull) { // else the page waits in its place
			g.logger.LogAttrs(r.Context(), slog.LevelWarn, "held request given up",
				slog.String("workspace", route.workspace), slog.String("path", r.URL.Path), slog.Any("error", err))
		}
		answerAbsent(w, r, route, route.state.Load())
	default:
		g.logger.LogAttrs(r.Context(), slog.LevelWarn, "instance refuses connections",
			slog.String("workspace", route.workspace), slog.String("address", s.target.address))
		answerNoAnswer(w, r, route.workspace, "Its process takes no connections.")
	}
	return false
}

// holdTimeout is how long the request waits while its workspace is held. Who opens a page is told soon what it waits for.
func (g *Gateway) holdTimeout(r *http.Request) time.Duration {
	if navigates(r) {
		return min(g.options.PageAfter, g.options.HoldTimeout)
	}
	return g.options.HoldTimeout
}

func answerAbsent(w http.ResponseWriter, r *http.Request, route *route, s *state) {
	why, doing := s.told()
	answerUnavailable(w, r, route.workspace, why, doing)
}
