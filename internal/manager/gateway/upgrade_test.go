package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

func TestWebsocketsPass(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, echoWebsocket("acme")))
	conn := f.websocket(t, "acme.localhost")
	for range 3 {
		if got := exchange(t, conn, "hello"); got != "acme hello" {
			t.Fatalf("echo is %q", got)
		}
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	eventually(t, "the connection is no longer counted", func() bool { return f.Hold("acme").InFlight() == 0 })
}

func TestUpgradedConnectionsCloseByHalves(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n")
		all, err := io.ReadAll(conn) // ends when the client closes its half
		_, _ = fmt.Fprintf(conn, "%s %v", all, err)
	}))
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answer is %v, %v", response, err)
	}
	_, _ = io.WriteString(conn, "all of it")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); err != nil || string(got) != "all of it <nil>" {
		t.Errorf("the other half is %q, %v", got, err)
	}
}

func TestDrainDoesNotWaitForAnUpgradedClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	stuck := make(chan struct{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: flood\r\n\r\n")
		for piece := make([]byte, 1<<20); ; {
			_ = conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
			if _, err := conn.Write(piece); err != nil {
				close(stuck)
				_, _ = conn.Read(piece)
				return
			}
		}
	}))
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\nUpgrade: flood\r\n\r\n")
	receive(t, stuck, "a full pipe")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := f.Switch("acme", newBackend(t, says("new")))
	if err := target.Drain(ctx); !errors.Is(err, context.Canceled) || target.InFlight() != 0 {
		t.Errorf("Drain returned %v with %d requests left, want it to cut at its deadline", err, target.InFlight())
	}
}

func TestAWebsocketLivesUntilItsTargetIsDrained(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	f.Switch("acme", newBackend(t, echoWebsocket("old")))
	conn := f.websocket(t, "acme.localhost")
	exchange(t, conn, "hello")

	old := f.Switch("acme", newBackend(t, echoWebsocket("new")))
	if got := exchange(t, conn, "hello"); got != "old hello" {
		t.Errorf("after the switch the echo is %q, want the old target's", got)
	}
	if got := exchange(t, f.websocket(t, "acme.localhost"), "hello"); got != "new hello" {
		t.Errorf("a new connection's echo is %q, want the new target's", got)
	}
	closed := make(chan error, 1)
	go func() {
		_, _, err := conn.Read(t.Context())
		closed <- err
	}()
	drain(t, old)
	if err := receive(t, closed, "the connection's end"); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("after the drain the old connection reads %v, want a Close frame with status 1012", err)
	}
}

func echoWebsocket(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if conn.Write(r.Context(), kind, append([]byte(name+" "), message...)) != nil {
				return
			}
		}
	}
}

func (f *front) websocket(t testing.TB, host string) *websocket.Conn {
	t.Helper()
	client := *f.client
	client.Timeout = 0 // would end the connection, and coder/websocket refuses it
	conn, response, err := websocket.Dial(t.Context(), "ws://"+host+"/", &websocket.DialOptions{HTTPClient: &client})
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func exchange(t testing.TB, conn *websocket.Conn, message string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
	_, answer, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
