package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// scripted is an instance that answers with bytes instead of a server's good manners.
type scripted struct {
	address     string
	connections atomic.Int64
	requests    atomic.Int64
}

// newScripted starts one. Its n-th request, from 0, is answered with what script returns; the connection is closed
// after an answer that is not to be followed by another.
func newScripted(t *testing.T, script func(n int64, r *http.Request) (answer string, more bool)) *scripted {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{address: listener.Addr().String()}
	var work sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			work.Go(func() {
				defer func() { _ = conn.Close() }()
				for reader := bufio.NewReader(conn); ; {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					answer, more := script(s.requests.Add(1)-1, r)
					if _, err := io.WriteString(conn, answer); err != nil || !more {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return s
}

// always answers every request with the text and keeps the connection.
func always(text string) func(int64, *http.Request) (string, bool) {
	return func(int64, *http.Request) (string, bool) { return text, true }
}

func TestRequestsShareAKeptConnection(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"with a length": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
		"without body":  "HTTP/1.1 204 No Content\r\n\r\n",
		"after a hint":  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			s := newScripted(t, always(answer))
			f.Switch("acme", s.address)
			for range 3 {
				if status, body := f.get(t, "acme.localhost", "/"); status/100 != 2 || (status == 200) != (body == "ok") {
					t.Errorf("answer is %d %q", status, body)
				}
			}
			if n := s.connections.Load(); n != 1 {
				t.Errorf("3 requests took %d connections, want 1", n)
			}
		})
	}
}

func TestAnAnswerToHeadHasNoBody(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	s := newScripted(t, always("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"))
	f.Switch("acme", s.address)
	for range 2 {
		response := f.do(t, newRequest(t, http.MethodHead, "acme.localhost", "/", nil))
		if got := response.Header.Get("Content-Length"); got != "42" || read(t, response) != "" {
			t.Errorf("Content-Length is %q, want 42 and no body", got)
		}
	}
	if n := s.connections.Load(); n != 1 {
		t.Errorf("2 requests took %d connections, want 1", n)
	}
}

func TestAnAnswerMayEndWithItsConnection(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	s := newScripted(t, func(int64, *http.Request) (string, bool) {
		return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", false
	})
	f.Switch("acme", s.address)
	for range 2 {
		if status, body := f.get(t, "acme.localhost", "/"); status != 200 || body != "all of it" {
			t.Errorf("answer is %d %q", status, body)
		}
	}
}

func TestBytesAfterAnAnswerAreNotTheNextOne(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	s := newScripted(t, always("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrueHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse"))
	f.Switch("acme", s.address)
	for range 5 {
		if _, body := f.get(t, "acme.localhost", "/"); body != "true" {
			t.Errorf("answer is %q, want the request's own", body)
		}
	}
}

func TestAnAnswerThatBreaksOffIsNotTakenForComplete(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"with a length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			s := newScripted(t, func(int64, *http.Request) (string, bool) { return answer, false })
			f.Switch("acme", s.address)
			response, err := f.client.Do(newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
			if err == nil {
				_, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
			}
			if err == nil {
				t.Error("the client takes half an answer for all of it")
			}
			// The client's own transport may have tried again, for it knows that a GET is idempotent. The gateway has not.
			if n := s.requests.Load(); n > 2 {
				t.Errorf("the instance was asked %d times", n)
			}
		})
	}
}

func TestAnswersThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"an upgrade that nobody asked for": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"no HTTP":                          "nonsense\r\n\r\n",
		"a header without end":             "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2<<20),
		"hints without end":                strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			f.Switch("acme", newScripted(t, always(answer)).address)
			conn := f.dial(t)
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
			reader := bufio.NewReader(conn)
			response, err := http.ReadResponse(reader, nil)
			for err == nil && response.StatusCode < 200 {
				response, err = http.ReadResponse(reader, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if problem := problemOf(t, response); problem.Status != 502 || problem.Code != orbit.CodeInstanceNoAnswer {
				t.Errorf("problem is %+v, want instance_no_answer", problem)
			}
		})
	}
}

func TestAKeptConnectionThatEndsWithoutAnAnswerIsTriedAgainOnce(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, c := range map[string]struct {
		method    string
		answers   []string // "" closes the connection
		status    int
		instances int64 // how often the instance was asked
	}{
		"a read that met the end":             {http.MethodGet, []string{ok, "", ok}, 200, 3},
		"one that met it twice":               {http.MethodGet, []string{ok, "", "", ok}, 502, 3},
		"one whose answer had begun":          {http.MethodGet, []string{ok, "HTTP/1.1 2", ok}, 502, 2},
		"a write, which may have been done":   {http.MethodPost, []string{ok, ok, "", ok}, 502, 3},
		"a removal, which may have been done": {http.MethodDelete, []string{ok, ok, "", ok}, 502, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			s := newScripted(t, func(n int64, _ *http.Request) (string, bool) {
				answer := c.answers[n]
				return answer, answer == ok
			})
			f.Switch("acme", s.address)
			request := func(method string) int {
				response := f.raw(t, method+" / HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
				read(t, response)
				return response.StatusCode
			}
			request(http.MethodGet)
			if c.method != http.MethodGet {
				request(c.method) // over the connections of its own kind
			}
			if status := request(c.method); status != c.status {
				t.Errorf("status is %d, want %d", status, c.status)
			}
			if n := s.requests.Load(); n != c.instances {
				t.Errorf("the instance was asked %d times, want %d", n, c.instances)
			}
		})
	}
}
