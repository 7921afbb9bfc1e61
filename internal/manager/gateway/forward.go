package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
)

// rewrite makes the target's request out of the client's. ReverseProxy has removed the hop-by-hop headers already.
func (t *Target) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme = "http"
	p.Out.URL.Host = "instance" // each transport has one
	p.Out.Host = p.In.Host
	// As it came: ReverseProxy drops what it cannot parse, but nothing here decides by the query.
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	// One map for both: its values are known when the body has been read.
	p.Out.Trailer = p.In.Trailer

	KeepWay(p.Out.Header, p.In.Header) // ReverseProxy has dropped it

	// HTTP/2 over an upgrade is deprecated (RFC 9113 section 3.1) and would hide requests inside one connection.
	if strings.EqualFold(p.Out.Header.Get("Upgrade"), "h2c") {
		delete(p.Out.Header, "Upgrade")
		delete(p.Out.Header, "Connection")
		delete(p.Out.Header, "Http2-Settings")
	}

	if body := flightBody(p.In); body != nil {
		p.Out.GetBody = body.again
	}
}

func flightBody(r *http.Request) *requestBody {
	body, _ := r.Body.(*requestBody)
	return body
}

// fail answers a request that the target did not. Nothing of an answer has been written.
func (t *Target) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := w.(*flight) // serve gave it to the proxy
	var unreached *dialError
	switch cause := context.Cause(r.Context()); {
	case errors.Is(cause, errDrained):
		answerNoAnswer(w, r, t.workspace, "Its process was replaced before the request was finished.")
	case cause != nil:
		w.WriteHeader(statusClientGone)
	case errors.As(err, &unreached):
		f.refused = true
	case f.body != nil && f.body.broken.Load():
		http.Error(w, "The request's body could not be read.", http.StatusBadRequest)
	default:
		t.logger.LogAttrs(r.Context(), slog.LevelWarn, "instance gave no answer",
			slog.String("workspace", t.workspace), slog.String("address", t.address), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Any("error", err))
		answerNoAnswer(w, r, t.workspace, "Its process broke the connection off before it answered.")
	}
}
