package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// machine holds processes that are reached without a network, so that a bubble's clock runs.
type machine struct {
	mu        sync.Mutex
	processes map[string]*pipeListener
}

// gatewayIn returns a gateway whose targets are processes of the machine.
func (m *machine) gateway(options gateway.Options) *gateway.Gateway {
	options.Logger = slog.New(slog.DiscardHandler)
	if options.Dial == nil {
		options.Dial = m.dial
	}
	return gateway.New(options)
}

func (m *machine) dial(ctx context.Context, _, address string) (net.Conn, error) {
	m.mu.Lock()
	listener := m.processes[address]
	m.mu.Unlock()
	if listener == nil {
		return nil, syscall.ECONNREFUSED
	}
	ours, theirs := net.Pipe()
	select {
	case listener.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start runs a process until the test's end or until stop is called.
func (m *machine) start(t testing.TB, address string, handler http.HandlerFunc) (stop func()) {
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Hour}
	var work sync.WaitGroup
	work.Go(func() { _ = server.Serve(listener) })
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.processes == nil {
		m.processes = map[string]*pipeListener{}
	}
	m.processes[address] = listener
	stop = sync.OnceFunc(func() {
		m.mu.Lock()
		delete(m.processes, address)
		m.mu.Unlock()
		_ = server.Close()
		work.Wait()
	})
	t.Cleanup(stop)
	return stop
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// asked is a request that was given to a gateway.
type asked struct {
	recorder *httptest.ResponseRecorder
	done     chan struct{}
	took     time.Duration
}

func ask(ctx context.Context, g *gateway.Gateway, method, body string) *asked {
	return askWith(g, httptest.NewRequestWithContext(ctx, method, "http://acme.localhost/", strings.NewReader(body)))
}

// askAs asks with a request that is made somebody's.
func askAs(ctx context.Context, g *gateway.Gateway, method string, as func(*http.Request) *http.Request) *asked {
	return askWith(g, as(httptest.NewRequestWithContext(ctx, method, "http://acme.localhost/", http.NoBody)))
}

func askWith(g *gateway.Gateway, r *http.Request) *asked {
	a := &asked{recorder: httptest.NewRecorder(), done: make(chan struct{})}
	started := time.Now()
	go func() {
		defer close(a.done)
		g.ServeHTTP(a.recorder, r)
		a.took = time.Since(started)
	}()
	synctest.Wait()
	return a
}

// answer waits for the end and returns "status body" and the time it took on the bubble's clock.
func (a *asked) answer() (string, time.Duration) {
	<-a.done
	return fmt.Sprintf("%d %s", a.recorder.Code, a.recorder.Body), a.took
}

func (a *asked) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

func TestHeldRequestsGoToTheNewTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		m.start(t, "old:1", says("old"))
		m.start(t, "new:1", func(w http.ResponseWriter, r *http.Request) {
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			_, _ = fmt.Fprintf(w, "new %s", body)
		})
		g.Switch("acme", "old:1")
		old := g.Hold("acme")
		if old.Address() != "old:1" {
			t.Errorf("Hold returned the target at %s", old.Address())
		}
		held := []*asked{ask(t.Context(), g, "GET", ""), ask(t.Context(), g, "POST", "body")}
		if err := old.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if held[0].over() || held[1].over() {
			t.Fatal("a request did not wait")
		}
		g.Switch("acme", "new:1")
		for i, want := range []string{"200 new ", "200 new body"} {
			if got, took := held[i].answer(); got != want || took != 10*time.Second {
				t.Errorf("answer %d is %q after %s, want %q after 10s", i, got, took, want)
			}
		}
		drain(t, g.Remove("acme"))
	})
}

func TestAReleasedHoldGoesBackToItsTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		m.start(t, "old:1", says("old"))
		g.Switch("acme", "old:1")
		g.Hold("acme")
		held := ask(t.Context(), g, "GET", "")
		g.Release("acme")
		if got, _ := held.answer(); got != "200 old" {
			t.Errorf("answer is %q", got)
		}

		drain(t, g.Hold("acme"))
		held = ask(t.Context(), g, "GET", "")
		g.Release("acme")
		if got, _ := held.answer(); !strings.HasPrefix(got, "503 ") {
			t.Errorf("with the target drained the answer is %q, want 503", got)
		}
		g.Release("acme")
		g.Release("globex")
	})
}

func TestHeldRequestsAreToldWhenItFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		for want, end := range map[string]func(){
			"503 ": func() { g.Fail("acme", gateway.Failed) },
			"404 ": func() { g.Remove("acme") },
		} {
			if target := g.Hold("acme"); target != nil {
				t.Errorf("Hold of a workspace without target returned %v", target)
			}
			held := ask(t.Context(), g, "GET", "")
			end()
			if got, _ := held.answer(); !strings.HasPrefix(got, want) {
				t.Errorf("answer is %q, want %s", got, want)
			}
		}
	})
}

func TestAHoldIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{HoldLimit: 2, HoldTimeout: 5 * time.Second})
		m.start(t, "new:1", says("new"))
		g.Hold("acme")
		first := ask(t.Context(), g, "GET", "")
		ctx, cancel := context.WithCancel(t.Context())
		second := ask(ctx, g, "GET", "")
		if got, took := ask(t.Context(), g, "GET", "").answer(); !strings.HasPrefix(got, "503 ") || took != 0 {
			t.Errorf("one too many: %q after %s, want 503 at once", got, took)
		}

		// A client that goes away makes room.
		time.Sleep(time.Second)
		cancel()
		if _, took := second.answer(); took != time.Second {
			t.Errorf("a request whose client went away is held for %s, want 1s", took)
		}
		third := ask(t.Context(), g, "GET", "")

		if got, took := first.answer(); !strings.HasPrefix(got, "503 ") || took != 5*time.Second {
			t.Errorf("held too long: %q after %s, want 503 after 5s", got, took)
		}
		g.Hold("acme") // holding again gives nobody more time
		if got, took := third.answer(); !strings.HasPrefix(got, "503 ") || took != 5*time.Second {
			t.Errorf("held too long: %q after %s, want 503 after 5s", got, took)
		}
		last := ask(t.Context(), g, "GET", "")
		g.Switch("acme", "new:1")
		if got, _ := last.answer(); got != "200 new" {
			t.Errorf("answer is %q: those that gave up left no room", got)
		}
		drain(t, g.Remove("acme"))
	})
}

func TestARefusedRequestWaitsForTheRouteToChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{RetryTimeout: time.Second})
		g.Switch("acme", "dead:1")
		get, post := ask(t.Context(), g, "GET", ""), ask(t.Context(), g, "POST", "body")
		time.Sleep(500 * time.Millisecond)
		g.Hold("acme") // the manager has noticed
		time.Sleep(5 * time.Second)
		m.start(t, "new:1", func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "%s %d", r.Method, r.ContentLength)
		})
		g.Switch("acme", "new:1")
		for want, a := range map[string]*asked{"200 GET 0": get, "200 POST 4": post} {
			if got, took := a.answer(); got != want || took != 5500*time.Millisecond {
				t.Errorf("answer is %q after %s, want %q after 5.5s", got, took, want)
			}
		}
		drain(t, g.Remove("acme"))
	})
}

func TestARefusedRequestDoesNotWaitForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{RetryTimeout: time.Second})
		g.Switch("acme", "dead:1")
		a := ask(t.Context(), g, "GET", "")
		time.Sleep(600 * time.Millisecond)
		g.Switch("acme", "dead-too:1") // the wait goes on, and is no longer for that
		if got, took := a.answer(); !strings.HasPrefix(got, "502 ") || took != time.Second {
			t.Errorf("answer is %q after %s, want 502 after 1s", got, took)
		}
	})
}

func TestARequestThatMayHaveBeenProcessedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		var seen []string
		stop := m.start(t, "acme:1", func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Method)
			if r.Method == http.MethodPost { // processed, and then the process dies
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.Close()
			}
		})
		g.Switch("acme", "acme:1")
		if got, _ := ask(t.Context(), g, "GET", "").answer(); got != "200 " {
			t.Errorf("answer is %q", got)
		}
		// Over the kept connection.
		if got, _ := ask(t.Context(), g, "POST", "body").answer(); !strings.HasPrefix(got, "502 ") {
			t.Errorf("answer is %q, want 502", got)
		}
		stop()
		if got := strings.Join(seen, " "); got != "GET POST" {
			t.Errorf("the process saw %q, want each request once", got)
		}
		drain(t, g.Remove("acme"))
	})
}

func TestARequestOverAConnectionThatWasJustClosedIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		stop := m.start(t, "acme:1", says("old"))
		g.Switch("acme", "acme:1")
		for range 5 { // kept connections
			ask(t.Context(), g, "GET", "")
		}
		synctest.Wait()
		stop()
		m.start(t, "acme:1", says("new"))
		if got, _ := ask(t.Context(), g, "POST", "body").answer(); got != "200 new" {
			t.Errorf("answer is %q", got)
		}
		drain(t, g.Remove("acme"))
	})
}
