package gateway_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// secured is a gateway with TLS and two certificates: a wildcard one, and one of a host alone.
type secured struct {
	*front
	ca *certtest.CA
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	ca := certtest.NewCA(t, "root")
	var files []certificate.Files
	for _, name := range []string{"*.portal.example", "own.example"} {
		var f certificate.Files
		f.Cert, f.Key = ca.Issue(t, name).Write(t, t.TempDir())
		files = append(files, f)
	}
	source, err := certificate.Gateway.Load(slog.New(slog.DiscardHandler), files...)
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.New(gateway.Options{Domain: "portal.example", Logger: slog.New(slog.DiscardHandler), SharesConnection: source.Shared})
	server := httptest.NewUnstartedServer(nil)
	server.Config = gateway.Server(g, slog.New(slog.DiscardHandler))
	server.Listener = tls.NewListener(server.Listener, source.Config())
	server.Start()
	t.Cleanup(server.Close)
	s := &secured{front: &front{Gateway: g, address: server.Listener.Addr().String()}, ca: ca}
	s.client = s.speaking(t, "h2")
	return s
}

// speaking is a client that speaks one protocol over connections of its own.
func (s *secured) speaking(t *testing.T, protocol string) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.ca.Pool(), NextProtos: []string{protocol}}, ForceAttemptHTTP2: protocol == "h2",
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func (s *secured) ask(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestBrowsersSpeakHTTP2AndInstancesAreToldOfTLS(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	s.Switch("acme", newBackend(t, tellsWay("acme")))
	if err := s.SetHosts("acme", "", []string{"own.example"}); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"acme.portal.example", "own.example"} { // each with its own certificate
		for protocol, want := range map[string]string{"h2": "HTTP/2.0", "http/1.1": "HTTP/1.1"} {
			response := s.ask(t, s.speaking(t, protocol), "https://"+host+"/")
			body := read(t, response)
			if response.Proto != want || body != `acme for ["127.0.0.1"] host ["`+host+`"] proto ["https"] at "`+host+`"` {
				t.Errorf("over %s the answer comes over %s: %s", protocol, response.Proto, body)
			}
		}
	}
}

func TestAConnectionServesTheHostsOfItsCertificate(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	s.Switch("acme", newBackend(t, says("acme")))
	s.Switch("globex", newBackend(t, says("globex")))
	if err := s.SetHosts("globex", "", []string{"own.example"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sni, host string
		status    int
	}{
		"the same":                         {"acme.portal.example", "acme.portal.example", 200},
		"the same in other letters":        {"acme.portal.example", "ACME.portal.example.:443", 200},
		"another of the same certificate":  {"acme.portal.example", "globex.portal.example", 200},
		"one of another certificate":       {"acme.portal.example", "own.example", 421},
		"the other way":                    {"own.example", "acme.portal.example", 421},
		"one of no certificate":            {"acme.portal.example", "evil.example", 421},
		"no name in the handshake":         {"", "own.example", 200},
		"a name without a certificate":     {"evil.example", "evil.example", 404},
		"a workspace that is none, shared": {"acme.portal.example", "initech.portal.example", 404},
	} {
		conn, err := tls.Dial("tcp", s.address, &tls.Config{ServerName: c.sni, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+c.host+"\r\nConnection: close\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, c.status)
		}
		_ = conn.Close()
	}
}

func TestEventsStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	next := make(chan string)
	s.Switch("acme", newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case text := <-next:
				_, _ = io.WriteString(w, "data: "+text+"\n\n")
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	events := make(chan string)
	request := newRequest(t, http.MethodGet, "acme.portal.example", "/api/signals", nil)
	request.URL.Scheme = "https"
	go func() { // the answer begins with the first event
		defer close(events)
		response, err := s.client.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		if response.Proto != "HTTP/2.0" {
			t.Errorf("the stream comes over %s", response.Proto)
		}
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if text, is := strings.CutPrefix(lines.Text(), "data: "); is {
				events <- text
			}
		}
	}()
	for _, text := range []string{"one", "two"} { // each comes before the next is sent
		next <- text
		if got := receive(t, events, "event "+text); got != text {
			t.Errorf("the event is %q, want %q", got, text)
		}
	}
	// Its process is replaced: the stream ends as a whole answer.
	if err := s.Switch("acme", newBackend(t, says("green"))).Drain(t.Context()); err != nil {
		t.Errorf("drain: %v", err)
	}
	if text, more := <-events; more {
		t.Errorf("after the end there is %q", text)
	}
}

func TestWebsocketsPassOverTLS(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	s.Switch("acme", newBackend(t, echoWebsocket("acme")))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "wss://acme.portal.example/", &websocket.DialOptions{HTTPClient: s.speaking(t, "http/1.1")})
	if err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, conn, "hello"); got != "acme hello" {
		t.Errorf("echo is %q", got)
	}
	drained := make(chan error, 1)
	go func() { drained <- s.Switch("acme", newBackend(t, says("green"))).Drain(ctx) }()
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("when its process is replaced it is told %v, want a restart", err)
	}
	if err := receive(t, drained, "the drain"); err != nil {
		t.Errorf("drain: %v", err)
	}
}
