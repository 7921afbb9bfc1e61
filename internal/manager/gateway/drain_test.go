package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestNoRequestFailsWhileTargetsSwitch(t *testing.T) {
	t.Parallel()
	const switches, requests, clients = 20, 1000, 10
	f := newFront(t, gateway.Options{})
	// A process of this test notices when it is asked after its drain has ended.
	process := func(name string) (address string, stop func()) {
		var stopped atomic.Bool
		address = newBackend(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if stopped.Load() {
				t.Errorf("%s is asked after it was drained", name)
			}
			_, _ = fmt.Fprintf(w, "%s %s %v", name, body, err)
		})
		return address, func() { stopped.Store(true) }
	}
	address, stop := process("0")
	f.Switch("acme", address)

	var answered atomic.Int64
	var work sync.WaitGroup
	for client := range clients {
		work.Go(func() {
			for i := range requests / clients {
				body := fmt.Sprintf("%d.%d", client, i)
				r := newRequest(t, http.MethodPost, "acme.localhost", "/", strings.NewReader(body))
				response, err := f.client.Do(r)
				if err != nil {
					t.Errorf("request %s: %v", body, err)
					continue
				}
				got, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || response.StatusCode != http.StatusOK || !strings.HasSuffix(string(got), " "+body+" <nil>") {
					t.Errorf("request %s: %d %s %v", body, response.StatusCode, got, err)
				}
				answered.Add(1)
			}
		})
	}
	for i := range switches {
		// Spread over the requests, so that each switch meets some.
		eventually(t, "requests go on", func() bool { return answered.Load() >= int64(i*requests/(switches+1)) })
		next, stopNext := process(fmt.Sprint(i + 1))
		old := f.Switch("acme", next)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := old.Drain(ctx); err != nil {
			t.Errorf("switch %d: %v", i, err)
		}
		cancel()
		stop()
		stop = stopNext
	}
	work.Wait()
	if got := answered.Load(); got != requests {
		t.Errorf("%d requests were answered, want %d", got, requests)
	}
}

func TestDrainWaitsForRequestsUnderWay(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	slow := newSlow(t)
	f.Switch("acme", slow.address)
	answer := f.background(t, "acme.localhost")
	receive(t, slow.asked, "the request")

	old := f.Switch("acme", newBackend(t, says("new")))
	drained := make(chan error, 1)
	go func() { drained <- old.Drain(t.Context()) }()
	if _, body := f.get(t, "acme.localhost", "/"); body != "new" {
		t.Errorf("a request after the switch is answered %q", body)
	}
	select {
	case err := <-drained:
		t.Fatalf("Drain returned (%v) with a request under way", err)
	default:
	}
	close(slow.finish)
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
	if got := receive(t, answer, "the answer"); got != "200 slow" {
		t.Errorf("the old request is answered %q", got)
	}
}

func TestDrainCutsWhatIsLeftAtItsDeadline(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	slow := newSlow(t)
	f.Switch("acme", slow.address)
	answer := f.background(t, "acme.localhost")
	receive(t, slow.asked, "the request")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := f.Hold("acme")
	err := target.Drain(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "workspace acme: 1 requests") {
		t.Errorf("Drain returned %v", err)
	}
	if n := target.InFlight(); n != 0 {
		t.Errorf("%d requests are left", n)
	}
	if got := receive(t, answer, "the answer"); !strings.HasPrefix(got, "502 ") || !strings.Contains(got, string(orbit.CodeInstanceNoAnswer)) {
		t.Errorf("the cut request is answered %q", got)
	}
	receive(t, slow.ended, "the end of the request at the instance")
	if err := target.Drain(t.Context()); err != nil {
		t.Errorf("a second Drain: %v", err)
	}
}

func TestDrainDoesNotWaitForAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	stuck := make(chan struct{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 1<<20)
		rc := http.NewResponseController(w)
		for {
			_ = rc.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) // the pipe to the client is full then
			if _, err := w.Write(piece); err != nil {
				close(stuck)
				<-r.Context().Done()
				return
			}
		}
	}))
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
	receive(t, stuck, "a full pipe")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := f.Switch("acme", newBackend(t, says("new")))
	if err := target.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain returned %v", err)
	}
	if n := target.InFlight(); n != 0 {
		t.Errorf("%d requests are left", n)
	}
}

func TestAStreamThatBeginsWhileItsTargetDrainsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		g := m.gateway(gateway.Options{})
		m.start(t, "old:1", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		g.Switch("acme", "old:1")
		stream := ask(t.Context(), g, "GET", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		started := time.Now()
		if err := g.Hold("acme").Drain(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != time.Second {
			t.Errorf("the drain took %s, want 1s", took)
		}
		stream.answer()
	})
}

func TestATargetKeepsNoConnectionForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m machine
		var open atomic.Int64
		g := m.gateway(gateway.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := m.dial(ctx, network, address)
			if err == nil {
				open.Add(1)
			}
			return &onClose{Conn: conn, then: func() { open.Add(-1) }}, err
		}})
		m.start(t, "old:1", says("old"))
		g.Switch("acme", "old:1")
		ask(t.Context(), g, "GET", "")
		ask(t.Context(), g, "GET", "")
		if open := open.Load(); open != 1 {
			t.Errorf("after two requests %d connections are open, want 1", open)
		}
		time.Sleep(4900 * time.Millisecond) // Node closes it after 5 s
		synctest.Wait()
		if open := open.Load(); open != 0 {
			t.Errorf("%d idle connections are kept for longer than the instance keeps them", open)
		}
		ask(t.Context(), g, "GET", "")
		ask(t.Context(), g, "POST", "body")
		synctest.Wait()
		if open := open.Load(); open != 2 {
			t.Errorf("after requests with and without a body %d connections are open, want 2", open)
		}
		g.Switch("acme", "new:1")
		synctest.Wait()
		if open := open.Load(); open != 0 {
			t.Errorf("%d connections to a replaced target are kept", open)
		}
	})
}

// onClose is a connection that tells of its first Close.
type onClose struct {
	net.Conn
	once sync.Once
	then func()
}

func (c *onClose) Close() error {
	c.once.Do(c.then)
	return c.Conn.Close()
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, echoWebsocket("acme")))
	f.Switch("globex", newBackend(t, says("globex")))
	f.Hold("globex")
	conn := f.websocket(t, "acme.localhost")
	held := f.background(t, "globex.localhost")
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, _, err := conn.Read(t.Context()); err == nil {
		t.Error("the websocket lives on")
	}
	if got := receive(t, held, "the held request's answer"); !strings.HasPrefix(got, "503 ") {
		t.Errorf("the held request is answered %q", got)
	}
}

func TestNothingIsLeftRunning(t *testing.T) { //nolint:paralleltest // it looks at every goroutine of the program
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			echoWebsocket("acme")(w, r)
			return
		}
		_, _ = io.Copy(w, r.Body)
	}))
	conn := f.websocket(t, "acme.localhost")
	exchange(t, conn, "hello")
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			response, err := f.client.Do(newRequest(t, http.MethodPost, "acme.localhost", "/", strings.NewReader("x")))
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		})
	}
	work.Wait()
	drain(t, f.Hold("acme"))
	f.Remove("acme")
	_ = conn.CloseNow()
	f.client.CloseIdleConnections()
	for _, name := range []string{"gateway.(*", "httputil.", "persistConn"} {
		eventually(t, "no goroutine in "+name, func() bool { return len(goroutinesIn(name)) == 0 })
	}
}

func drain(t testing.TB, target *gateway.Target) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := target.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// slow is a process that answers when it is told to.
type slow struct {
	address              string
	asked, finish, ended chan struct{}
}

func newSlow(t testing.TB) *slow {
	s := &slow{asked: make(chan struct{}, 10), finish: make(chan struct{}), ended: make(chan struct{}, 10)}
	s.address = newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		defer func() { s.ended <- struct{}{} }()
		s.asked <- struct{}{}
		select {
		case <-s.finish:
			_, _ = io.WriteString(w, "slow")
		case <-r.Context().Done():
		}
	})
	return s
}

// background asks for / and sends "status body" when the answer is there.
func (f *front) background(t testing.TB, host string) <-chan string {
	answer := make(chan string, 1)
	var work sync.WaitGroup
	r := newRequest(t, http.MethodGet, host, "/", nil)
	work.Go(func() {
		response, err := f.client.Do(r)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		answer <- fmt.Sprintf("%d %s", response.StatusCode, body)
	})
	t.Cleanup(work.Wait)
	return answer
}
