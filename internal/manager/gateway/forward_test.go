package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestRequestsReachTheInstanceAsTheyWereSent(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.Host, r.RequestURI)
	}))
	for request, want := range map[string]string{
		"GET /a%2Fb//c/../d?x=1;y=%zz&&z HTTP/1.1\r\nHost: ACME.localhost:7007": "GET ACME.localhost:7007 /a%2Fb//c/../d?x=1;y=%zz&&z",
		"DELETE //evil.example/x? HTTP/1.1\r\nHost: acme.localhost.":            "DELETE acme.localhost. //evil.example/x?",
		"PURGE / HTTP/1.1\r\nHost: acme.localhost":                              "PURGE acme.localhost /",
	} {
		if got := read(t, f.raw(t, request+"\r\n\r\n")); got != want {
			t.Errorf("the instance got\n%q, want\n%q", got, want)
		}
	}
}

func TestForwardingHeadersAreTheGatewaysOwn(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			_, _ = fmt.Fprintf(w, "%s: %s\n", name, strings.Join(r.Header[name], "|"))
		}
	}))
	const own = "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Host: acme.localhost:7007\nX-Forwarded-Proto: http\n"
	for name, c := range map[string]struct{ sent, want string }{
		"none": {"", own},
		"forged": {
			"X-Forwarded-For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2\r\nX-FORWARDED-HOST: globex.localhost\r\nX-Forwarded-Proto: https\r\n" +
				"X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\nForwarded: for=10.0.0.1\r\nX-Real-Ip: 10.0.0.1\r\n",
			own,
		},
		"named in Connection": {
			"Connection: close, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Custom\r\nX-Custom: 1\r\n",
			own,
		},
		"hop by hop": {
			"Keep-Alive: 1\r\nProxy-Authorization: x\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: websocket\r\n",
			own,
		},
		"h2c": {
			"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
			own,
		},
		"the client's own": {
			"Authorization: Bearer x\r\nCookie: a=b\r\nAccept-Encoding: br\r\n",
			"Accept-Encoding: br\nAuthorization: Bearer x\nCookie: a=b\n" + own,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := f.raw(t, "GET / HTTP/1.1\r\nHost: acme.localhost:7007\r\n"+c.sent+"\r\n")
			if diff := cmp.Diff(c.want, read(t, response)); diff != "" {
				t.Errorf("headers at the instance (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersPassUnchanged(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("Location", "http://elsewhere.example/")
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusSeeOther)
		_, _ = io.WriteString(w, "over there")
		w.Header().Set("X-Sum", "42")
	}))
	response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
	body := read(t, response)
	if response.StatusCode != http.StatusSeeOther || body != "over there" || response.Trailer.Get("X-Sum") != "42" ||
		response.Header.Get("Location") != "http://elsewhere.example/" {
		t.Errorf("answer is %d %q with %v and trailer %v", response.StatusCode, body, response.Header, response.Trailer)
	}
	if diff := cmp.Diff([]string{"a=1", "b=2"}, response.Header["Set-Cookie"]); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

func TestBodiesStreamBothWays(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusOK)
		_ = rc.Flush()
		_, _ = io.Copy(flushing{w, rc}, r.Body)
	}))
	// Each piece is sent only when the one before came back.
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: acme.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"first", "again", "third"} {
		if piece != "first" {
			_, _ = fmt.Fprintf(conn, "5\r\n%s\r\n", piece)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != piece {
			t.Fatalf("read %q (%v), want %q", got, err, piece)
		}
	}
}

type flushing struct {
	io.Writer
	rc *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	_ = f.rc.Flush()
	return n, err
}

func TestALargeBodyArrivesWhole(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		_, _ = fmt.Fprintf(w, "%d %x %v %s", n, sum.Sum(nil), err, r.Trailer.Get("X-End"))
	}))
	body := bytes.Repeat([]byte("0123456789abcdef"), 2<<20) // 32 MiB
	r := newRequest(t, http.MethodPut, "acme.localhost", "/", io.NopCloser(bytes.NewReader(body)))
	r.Trailer = http.Header{"X-End": {"yes"}}
	if got, want := read(t, f.do(t, r)), fmt.Sprintf("%d %x <nil> yes", len(body), sha256.Sum256(body)); got != want {
		t.Errorf("the instance got %s, want %s", got, want)
	}
}

func TestTheInstanceDecidesAboutExpectContinue(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		_, _ = io.Copy(w, r.Body)
	}))
	conn := f.dial(t)
	reader := bufio.NewReader(conn)
	_, _ = io.WriteString(conn, "POST /yes HTTP/1.1\r\nHost: acme.localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	line, err := reader.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("first line is %q (%v), want 100", line, err)
	}
	_, _ = reader.ReadString('\n')
	_, _ = io.WriteString(conn, "body")
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body := read(t, response); body != "body" {
		t.Errorf("echo is %q", body)
	}

	conn = f.dial(t)
	_, _ = io.WriteString(conn, "POST /no HTTP/1.1\r\nHost: acme.localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	line, err = bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 417") {
		t.Fatalf("first line is %q (%v), want 417", line, err)
	}
}

func TestEventStreamsAreFlushedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	next := make(chan string)
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		for event := range next {
			_, _ = fmt.Fprintf(w, "data: %s\n\n", event)
			_ = rc.Flush()
		}
	}))
	response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
	lines := bufio.NewReader(response.Body)
	for _, event := range []string{"one", "two", "three"} {
		next <- event
		line, err := lines.ReadString('\n')
		if err != nil || line != "data: "+event+"\n" {
			t.Fatalf("read %q (%v), want event %s", line, err, event)
		}
		_, _ = lines.ReadString('\n')
	}
	close(next)
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after the stream's end: %q, %v", rest, err)
	}
}

func TestTheClientsCancellationReachesTheInstance(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	started, ended := make(chan struct{}), make(chan struct{})
	f.Switch("acme", newBackend(t, func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		close(ended)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	response, err := f.client.Do(newRequest(t, http.MethodGet, "acme.localhost", "/", nil).WithContext(ctx))
	if err == nil {
		_ = response.Body.Close()
		t.Fatal("the request was answered")
	}
	receive(t, ended, "the end of the request at the instance")
}

func TestAClientsBrokenBodyIsNotTheInstancesFault(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	response := f.raw(t, "POST / HTTP/1.1\r\nHost: acme.localhost\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status is %d, want 400", response.StatusCode)
	}
}

func TestAnInstanceThatBreaksOffIsNotAskedTwice(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				asked <- struct{}{}
			}
			_ = conn.Close()
		}
	}()
	f.Switch("acme", listener.Addr().String())
	response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
	if problem := problemOf(t, response); problem.Status != 502 || problem.Code != orbit.CodeInstanceNoAnswer {
		t.Errorf("problem is %+v", problem)
	}
	_ = listener.Close()
	<-done
	if len(asked) != 1 {
		t.Errorf("the instance was asked %d times, want once", len(asked))
	}
}

func TestAnEarlyAnswerReachesAClientThatStillSends(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, "too large")
	}))
	for range 20 {
		conn := f.dial(t)
		// All that is announced never comes: the answer must not wait for it.
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: acme.localhost\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 1000))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body := read(t, response); response.StatusCode != http.StatusRequestEntityTooLarge || body != "too large" {
			t.Fatalf("answer is %d %q", response.StatusCode, body)
		}
		_ = conn.Close()
	}
	// The same over connections that are kept where they can be.
	for range 50 {
		r := newRequest(t, http.MethodPost, "acme.localhost", "/", bytes.NewReader(make([]byte, 64<<10)))
		if response := f.do(t, r); response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Fatalf("answer is %d", response.StatusCode)
		} else {
			read(t, response)
		}
	}
	eventually(t, "no request is left", func() bool { return f.Hold("acme").InFlight() == 0 })
}
