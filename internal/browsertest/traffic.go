package browsertest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Traffic keeps count of a page's requests.
//
// What counts are the requests to the host whose page made them: documents, scripts, styles, fonts, pictures, calls of
// APIs, event streams and the handshakes of WebSockets. One has failed that got no answer, or an answer of 401, of 403 or
// above 499. One that the page itself gave up has not: it was left, or did not need the answer any more.
type Traffic struct {
	mu         sync.Mutex
	open       map[network.RequestID]string // method and URL of those that may still fail
	count      int
	failures   []string
	complaints []string
}

// closedByPage is what Chromium says of a WebSocket that the page closes before its handshake is over.
const closedByPage = "closed before the connection is established"

func newTraffic() *Traffic { return &Traffic{open: map[network.RequestID]string{}} }

// Count is the number of requests so far.
func (t *Traffic) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// Failures are the requests that failed, with the reason.
func (t *Traffic) Failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.failures)
}

// Complaints are the errors in the browser's console, and what no part of the page caught.
func (t *Traffic) Complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.complaints)
}

// observe is told of everything that happens in the page's tab.
func (t *Traffic) observe(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Type != network.ResourceTypeDocument && !sameHost(e.Request.URL, e.DocumentURL) {
			return
		}
		if e.RedirectResponse == nil {
			t.count++
		}
		t.open[e.RequestID] = e.Request.Method + " " + e.Request.URL
	case *network.EventWebSocketCreated:
		t.count++
		t.open[e.RequestID] = "WebSocket " + e.URL
	case *network.EventResponseReceived:
		t.answered(e.RequestID, int(e.Response.Status))
	case *network.EventWebSocketHandshakeResponseReceived:
		t.answered(e.RequestID, int(e.Response.Status))
		delete(t.open, e.RequestID) // what becomes of it then is the page's business, which opens another
	case *network.EventWebSocketFrameError:
		if strings.Contains(e.ErrorMessage, closedByPage) {
			delete(t.open, e.RequestID)
			return
		}
		t.failed(e.RequestID, e.ErrorMessage)
	case *network.EventLoadingFinished:
		delete(t.open, e.RequestID)
	case *network.EventLoadingFailed:
		if e.Canceled || e.ErrorText == "net::ERR_ABORTED" {
			delete(t.open, e.RequestID)
			return
		}
		t.failed(e.RequestID, e.ErrorText)
	default:
		if complaint := complaintOf(event); complaint != "" {
			t.complaints = append(t.complaints, complaint)
		}
	}
}

// complaintOf is what an event says in the console as an error, or nothing.
func complaintOf(event any) string {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			return e.ExceptionDetails.Text + " " + thrown.Description
		}
		return e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError {
			return ""
		}
		said := make([]string, len(e.Args))
		for i, argument := range e.Args {
			said[i] = string(argument.Value) + argument.Description
		}
		return strings.Join(said, " ")
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			return e.Entry.Text + " " + e.Entry.URL
		}
	}
	return ""
}

// answered notes an answer that is a failure. The caller holds mu.
func (t *Traffic) answered(id network.RequestID, status int) {
	if status == 401 || status == 403 || status > 499 {
		t.failed(id, fmt.Sprint(status))
	}
}

// failed notes a failure once. The caller holds mu.
func (t *Traffic) failed(id network.RequestID, why string) {
	if request, known := t.open[id]; known {
		t.failures = append(t.failures, request+": "+why)
		delete(t.open, id)
	}
}

func sameHost(one, other string) bool {
	a, err := url.Parse(one)
	if err != nil {
		return false
	}
	b, err := url.Parse(other)
	return err == nil && a.Host == b.Host && a.Host != ""
}
