package browsertest

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/google/go-cmp/cmp"
)

func TestWhatCountsAsAFailedRequest(t *testing.T) {
	t.Parallel()
	const page = "http://acme.localhost:7007/catalog"
	answer := func(status int64) any {
		return &network.EventResponseReceived{RequestID: "1", Response: &network.Response{Status: status}}
	}
	for _, c := range []struct {
		name, url string
		then      []any
		count     int
		failures  []string
	}{
		{"a good answer", "/api/catalog", []any{answer(200), &network.EventLoadingFinished{RequestID: "1"}}, 1, nil},
		{"something that is not there", "/api/catalog", []any{answer(404)}, 1, nil},
		{"the end of a session", "/api/catalog", []any{answer(401)}, 1, []string{"GET http://acme.localhost:7007/api/catalog: 401"}},
		{"nobody who serves", "/api/catalog", []any{answer(502)}, 1, []string{"GET http://acme.localhost:7007/api/catalog: 502"}},
		{"an answer that breaks off", "/api/catalog", []any{answer(200), &network.EventLoadingFailed{RequestID: "1", ErrorText: "net::ERR_INCOMPLETE_CHUNKED_ENCODING"}},
			1, []string{"GET http://acme.localhost:7007/api/catalog: net::ERR_INCOMPLETE_CHUNKED_ENCODING"}},
		{"one that counts once", "/api/catalog", []any{answer(503), &network.EventLoadingFailed{RequestID: "1", ErrorText: "net::ERR_FAILED"}},
			1, []string{"GET http://acme.localhost:7007/api/catalog: 503"}},
		{"one that the page gave up", "/api/catalog", []any{&network.EventLoadingFailed{RequestID: "1", ErrorText: "net::ERR_ABORTED", Canceled: true}}, 1, nil},
		{"a WebSocket that the page gave up", "/api/signals", []any{
			&network.EventWebSocketCreated{RequestID: "2", URL: "ws://acme.localhost:7007/api/signals"},
			&network.EventWebSocketFrameError{RequestID: "2", ErrorMessage: "WebSocket is closed before the connection is established."},
		}, 2, nil},
		{"a WebSocket that is refused", "/api/signals", []any{
			&network.EventWebSocketCreated{RequestID: "2", URL: "ws://acme.localhost:7007/api/signals"},
			&network.EventWebSocketFrameError{RequestID: "2", ErrorMessage: "Error during WebSocket handshake: Unexpected response code: 502"},
		}, 2, []string{"WebSocket ws://acme.localhost:7007/api/signals: Error during WebSocket handshake: Unexpected response code: 502"}},
		{"one to somebody else", "", []any{answer(500)}, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := "http://acme.localhost:7007" + c.url
			if c.url == "" {
				url = "https://elsewhere.example/"
			}
			traffic := newTraffic()
			traffic.observe(&network.EventRequestWillBeSent{
				RequestID: "1", DocumentURL: page, Type: network.ResourceTypeFetch, Request: &network.Request{Method: "GET", URL: url},
			})
			for _, event := range c.then {
				traffic.observe(event)
			}
			if traffic.Count() != c.count {
				t.Errorf("%d requests count, want %d", traffic.Count(), c.count)
			}
			if diff := cmp.Diff(c.failures, traffic.Failures()); diff != "" {
				t.Errorf("the failures (-want +got):\n%s", diff)
			}
		})
	}
}
