package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

func TestAWebsocketIsToldToGoBetweenTwoFrames(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	conn, instance := f.upgrade(t, "websocket")
	// A frame is under way when the drain begins, and another comes after it.
	_, _ = io.WriteString(instance, "\x81\x05hel")
	expect(t, conn, "\x81\x05hel")
	drained := f.drainInBackground(t)
	_, _ = io.WriteString(instance, "lo\x81\x04late")
	expect(t, conn, "lo\x88")
	length := make([]byte, 1)
	if _, err := io.ReadFull(conn, length); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, length[0])
	if _, err := io.ReadFull(conn, payload); err != nil || !strings.HasPrefix(string(payload), "\x03\xf4") {
		t.Fatalf("the Close frame's payload is %q (%v), want status 1012", payload, err)
	}
	// The client's own Close frame reaches the instance, which closes the connection.
	const reply = "\x88\x82\x00\x00\x00\x00\x03\xf4"
	_, _ = io.WriteString(conn, reply)
	expect(t, instance, reply)
	_ = instance.Close()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the Close frame comes %q, %v, want the end", rest, err)
	}
	_ = conn.Close()
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}

func TestAWebsocketThatDoesNotGoIsCut(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"the client does not answer": "", "a frame never ends": "\x81\x05hel"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			conn, instance := f.upgrade(t, "websocket")
			_, _ = io.WriteString(instance, begin)
			expect(t, conn, begin)
			begun := time.Now()
			drain(t, f.Switch("acme", newBackend(t, says("new"))))
			if took := time.Since(begun); took < time.Second || took > patience/2 {
				t.Errorf("the drain took %v, want the 2 s that a farewell may take", took)
			}
			rest, _ := io.ReadAll(conn) // a connection that was cut may be reset
			if told := strings.HasPrefix(string(rest), "\x88"); told != (begin == "") {
				t.Errorf("the client reads %q", rest)
			}
			if _, err := instance.Read(make([]byte, 1)); err == nil {
				t.Error("the instance's side is open")
			}
		})
	}
}

func TestAWebsocketIsNotToldWhatItsInstanceHasSaid(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	conn, instance := f.upgrade(t, "websocket")
	const goodbye = "\x88\x02\x03\xe8"
	_, _ = io.WriteString(instance, goodbye)
	expect(t, conn, goodbye)
	drained := f.drainInBackground(t)
	_ = instance.Close()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the instance's Close frame comes %q, %v, want the end", rest, err)
	}
	_ = conn.Close()
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}

func TestAWebsocketThatOpensWhileItsTargetDrainsIsToldToGo(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	asked, goOn := make(chan struct{}), make(chan struct{})
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-goOn
		echoWebsocket("acme")(w, r)
	}))
	answers := make(chan error, 1)
	go func() {
		conn := f.websocket(t, "acme.localhost")
		_, _, err := conn.Read(t.Context())
		answers <- err
	}()
	receive(t, asked, "the request")
	drained := f.drainInBackground(t)
	close(goOn)
	if err := receive(t, answers, "the connection's end"); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("the client reads %v, want a Close frame with status 1012", err)
	}
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}

func TestAWebsocketThatIsNotAnsweredIsCut(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	slow := newSlow(t)
	f.Switch("acme", slow.address)
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	receive(t, slow.asked, "the request")
	drain(t, f.Switch("acme", newBackend(t, says("new"))))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusBadGateway {
		t.Errorf("the request is answered %v, %v, want 502", answer, err)
	}
}

func TestAnotherProtocolGoesOnUntilTheDeadline(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	conn, instance := f.upgrade(t, "tunnel")
	drained := f.drainInBackground(t)
	_, _ = io.WriteString(instance, "hello")
	expect(t, conn, "hello")
	_ = instance.Close()
	_ = conn.Close()
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}

func TestAnEventStreamEndsBetweenTwoEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, want string }{
		"no event yet":          {want: ""},
		"an event has passed":   {before: "data: a\n\n", want: "data: a\n\n"},
		"an event is under way": {before: "data: a\n", after: "id: 1\n\ndata: late\n\n", want: "data: a\nid: 1\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, gateway.Options{})
			send := f.stream(t, "")
			response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
			send <- c.before
			expect(t, response.Body, c.before)
			drained := f.drainInBackground(t)
			send <- c.after
			rest, err := io.ReadAll(response.Body)
			if got := c.before + string(rest); err != nil || got != c.want {
				t.Errorf("the stream is %q, %v, want %q and a proper end", got, err, c.want)
			}
			if err := receive(t, drained, "the drain"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnEventStreamInTheMiddleOfAnEventBreaksOff(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	send := f.stream(t, "")
	response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
	send <- "data: a"
	expect(t, response.Body, "data: a")
	drain(t, f.Switch("acme", newBackend(t, says("new"))))
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("half an event looks complete, want the stream broken off")
	}
}

func TestAnEncodedEventStreamEndsAfterAnyPiece(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	send := f.stream(t, "br")
	response := f.do(t, newRequest(t, http.MethodGet, "acme.localhost", "/", nil))
	send <- "compressed"
	expect(t, response.Body, "compressed")
	drain(t, f.Switch("acme", newBackend(t, says("new"))))
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("then comes %q, %v, want a proper end", rest, err)
	}
}

// A client keeps its connection when its stream has ended: the next request over it reaches the new target.
func TestAKeptConnectionMovesOn(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	send := f.stream(t, "")
	conn := f.dial(t)
	reader := bufio.NewReader(conn)
	ask := func() *http.Response {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.localhost\r\n\r\n")
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	stream := ask()
	send <- "data: a\n\n"
	expect(t, stream.Body, "data: a\n\n")
	drained := f.drainInBackground(t)
	if rest := read(t, stream); rest != "" {
		t.Errorf("the stream goes on with %q", rest)
	}
	if got := read(t, ask()); got != "new" {
		t.Errorf("the next request over the connection is answered %q, want the new target's", got)
	}
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
}

func TestTheGatewayDrainsWhatWasReplaced(t *testing.T) {
	t.Parallel()
	f := newFront(t, gateway.Options{})
	slow := newSlow(t)
	f.Switch("acme", slow.address)
	answer := f.background(t, "acme.localhost")
	receive(t, slow.asked, "the request")
	f.Switch("acme", newBackend(t, says("second")))
	f.Switch("acme", newBackend(t, says("third")))
	drained := make(chan error, 1)
	go func() { drained <- f.Drain(t.Context()) }()
	select {
	case err := <-drained:
		t.Fatalf("Drain returned (%v) with a request under way", err)
	case <-time.After(50 * time.Millisecond): // long enough for a Drain that does not wait
	}
	close(slow.finish)
	if err := receive(t, drained, "the drain"); err != nil {
		t.Error(err)
	}
	if got := receive(t, answer, "the answer"); got != "200 slow" {
		t.Errorf("the request is answered %q", got)
	}
	if _, body := f.get(t, "acme.localhost", "/"); body != "third" {
		t.Errorf("requests are answered %q meanwhile", body)
	}
}

// drainInBackground puts a new target in the workspace's place and returns when the old one drains; the channel has the
// drain's result.
func (f *front) drainInBackground(t testing.TB) <-chan error {
	t.Helper()
	old := f.Switch("acme", newBackend(t, says("new")))
	old.Dismiss()
	drained := make(chan error, 1)
	go func() { drained <- old.Drain(t.Context()) }()
	return drained
}

// upgrade switches a connection to the protocol and returns its ends at the client and at the instance.
func (f *front) upgrade(t testing.TB, protocol string) (client, instance net.Conn) {
	t.Helper()
	conns := make(chan net.Conn, 1)
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", protocol)
		conns <- conn
	}))
	client = f.dial(t)
	_, _ = fmt.Fprintf(client, "GET / HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", protocol)
	instance = receive(t, conns, "the upgrade")
	t.Cleanup(func() { _ = instance.Close() })
	if err := instance.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1)
	var all []byte
	for !strings.HasSuffix(string(all), "\r\n\r\n") {
		if _, err := client.Read(head); err != nil {
			t.Fatal(err)
		}
		all = append(all, head...)
	}
	return client, instance
}

// stream makes the workspace's process one that answers with an event stream of what comes over the channel.
func (f *front) stream(t testing.TB, encoding string) chan<- string {
	send := make(chan string, 10)
	f.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case text := <-send:
				_, _ = io.WriteString(w, text)
			case <-r.Context().Done():
				return
			}
		}
	}))
	return send
}

// expect reads exactly the text.
func expect(t testing.TB, from io.Reader, text string) {
	t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != text {
		t.Fatalf("read %q, %v, want %q", got[:n], err, text)
	}
}
