package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// patience bounds every wait of these tests.
const patience = time.Minute

// front is a gateway behind a real server.
type front struct {
	*gateway.Gateway
	address string
	client  *http.Client
}

func newFront(t testing.TB, options gateway.Options) *front {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	g := gateway.New(options)
	server := httptest.NewUnstartedServer(nil)
	server.Config = gateway.Server(g, options.Logger)
	server.Start()
	t.Cleanup(server.Close)
	f := &front{Gateway: g, address: server.Listener.Addr().String()}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 128,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, f.address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	f.client = &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f
}

// newBackend starts a process that serves and returns its address.
func newBackend(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.Listener.Addr().String()
}

// says answers every request with the text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// get asks for the path under the host name and returns status and body.
func (f *front) get(t testing.TB, host, path string) (int, string) {
	t.Helper()
	response := f.do(t, newRequest(t, http.MethodGet, host, path, nil))
	return response.StatusCode, read(t, response)
}

func (f *front) do(t testing.TB, r *http.Request) *http.Response {
	t.Helper()
	response, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// raw writes the bytes of a request and returns the answer as it is.
func (f *front) raw(t testing.TB, request string) *http.Response {
	t.Helper()
	conn := f.dial(t)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func (f *front) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func newRequest(t testing.TB, method, host, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t testing.TB, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func problemOf(t testing.TB, response *http.Response) orbit.Problem {
	t.Helper()
	if got, want := response.Header.Get("Content-Type"), "application/problem+json"; got != want {
		t.Fatalf("Content-Type is %q, want %q", got, want)
	}
	var problem orbit.Problem
	if err := json.Unmarshal([]byte(read(t, response)), &problem); err != nil {
		t.Fatal(err)
	}
	return problem
}

// receive returns what comes over the channel, or fails the test.
func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not happen within %s", what, patience)
		panic("unreachable")
	}
}

// eventually waits for something that gives no signal.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

// goroutinesIn returns the stacks of goroutines that mention the text.
func goroutinesIn(text string) []string {
	var dump strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&dump, 2)
	var found []string
	for stack := range strings.SplitSeq(dump.String(), "\n\n") {
		if strings.Contains(stack, text) {
			found = append(found, stack)
		}
	}
	return found
}
