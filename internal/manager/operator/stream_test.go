package operator_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/operator"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// message is a server-sent event.
type message struct{ id, kind, data string }

// listener reads a stream.
type listener struct {
	t      *testing.T
	status int
	lines  *bufio.Scanner
	end    func()
}

// listen opens a stream, to go on after the event of an id; "" is where the stream begins.
func (b *browser) listen(path, after string) *listener {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), settleTime)
	r := b.request(http.MethodGet, path, "").WithContext(ctx)
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	l := &listener{t: b.t, status: answer.StatusCode, lines: bufio.NewScanner(answer.Body), end: func() { cancel(); _ = answer.Body.Close() }}
	l.lines.Buffer(nil, 1<<20)
	b.t.Cleanup(l.end)
	return l
}

// next waits for the next event. It says false when the stream has ended.
func (l *listener) next() (message, bool) {
	var m message
	for l.lines.Scan() {
		line := l.lines.Text()
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case field == "id":
			m.id = value
		case field == "event":
			m.kind = value
		case field == "data":
			m.data += value + "\n"
		case line == "" && m.kind != "":
			return m, true
		}
	}
	return m, false
}

// until waits for an event that says so.
func (l *listener) until(text string) message {
	l.t.Helper()
	for {
		m, more := l.next()
		if !more {
			l.t.Fatalf("the stream ended without %q: %v", text, l.lines.Err())
		}
		if strings.Contains(m.data, text) {
			return m
		}
	}
}

func TestEventsAreShownAsTheyHappen(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "happens", "app:\n  title: One\n")
	b := asRoot(t, s)
	all, one := b.listen("/ui/events/stream", ""), b.listen("/ui/workspaces/happens/events/stream", "")
	other := b.listen("/ui/workspaces/happens-not/events/stream", "")
	declare(t, c, "happens", "app:\n  title: Two\n")
	for name, l := range map[string]*listener{"all": all, "one": one} {
		if m := l.until("serving generation 2"); m.kind != "row" || m.id == "" || !strings.HasPrefix(m.data, "<tr>") {
			t.Errorf("the stream of %s tells %+v", name, m)
		}
	}
	declare(t, c, "happens-not", "app:\n  title: Elsewhere\n")
	if m, _ := other.next(); strings.Contains(m.data, "generation 2") {
		t.Errorf("the stream of another workspace tells %q", m.data)
	}
}

func TestAStreamGoesOnAfterTheLastEvent(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "resumed", "app:\n  title: One\n")
	declare(t, c, "resumed", "app:\n  title: Two\n")
	b := asRoot(t, s)
	l := b.listen("/ui/workspaces/resumed/events/stream?after=0", "")
	first := l.until("serving generation 1")
	second, _ := l.next()
	l.end()
	again := b.listen("/ui/workspaces/resumed/events/stream?after=0", first.id)
	if m, _ := again.next(); m != second {
		t.Errorf("it goes on with %+v, want %+v", m, second)
	}
	// A page's stream begins where the page ends.
	var from string
	for _, n := range b.page("/ui/workspaces/resumed").elements(t, "body") {
		from, _ = attribute(n, "data-stream")
	}
	fresh := b.listen(from, "")
	declare(t, c, "resumed", "app:\n  title: Three\n")
	if m, _ := fresh.next(); !strings.Contains(m.data, "RolloutStarted") {
		t.Errorf("the stream of the page, %s, begins with %q", from, m.data)
	}
}

func TestAStreamShowsNothingOfOtherWorkspaces(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "streams-in", "app:\n  title: One\n")
	b := signedIn(t, s, newToken(t, c, "streams-in", orbit.RoleReader).Secret)
	l := b.listen("/ui/events/stream?after=0", "")
	declare(t, c, "streams-out", "app:\n  title: One\n")
	declare(t, c, "streams-in", "app:\n  title: Two\n")
	for {
		m, more := l.next()
		if !more || !strings.Contains(m.data, "<td") || strings.Contains(m.data, "streams-out") || strings.Contains(m.data, `data-label="Workspace"`) {
			t.Fatalf("the stream tells %q", m.data)
		}
		if strings.Contains(m.data, "serving generation 2") {
			return
		}
	}
}

func TestARevokedTokenEndsItsStreams(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "ended", "app:\n  title: One\n")
	token := newToken(t, c, "ended", orbit.RoleReader)
	b := signedIn(t, s, token.Secret)
	l := b.listen("/ui/events/stream", "")
	if err := c.RevokeToken(t.Context(), "ended", token.ID); err != nil {
		t.Fatal(err)
	}
	declare(t, c, "ended", "app:\n  title: Two\n")
	if m, more := l.next(); more {
		t.Errorf("the stream still tells %q", m.data)
	}
	if again := b.listen("/ui/events/stream", ""); again.status != http.StatusUnauthorized {
		t.Errorf("opened again it answers %d, want 401", again.status)
	}
}

func TestStreamsEndWithOrbitdAndGoOnWithTheNext(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t, managertest.Options{})
	declare(t, c, "next", "app:\n  title: One\n")
	b := asRoot(t, s) // its session survives the restart
	events, log := b.listen("/ui/events/stream?after=0", ""), b.listen("/ui/workspaces/next/log/stream", "")
	last := events.until("serving generation 1")
	if m, _ := log.next(); m.kind != "tail" {
		t.Fatalf("the log begins with %+v", m)
	}
	begin := time.Now()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*listener{"events": events, "log": log} {
		if m, more := l.next(); more {
			t.Errorf("the stream of %s still tells %+v", name, m)
		}
		if err := l.lines.Err(); err != nil {
			t.Errorf("the stream of %s was cut: %v", name, err)
		}
	}
	t.Logf("figure: restart of orbitd under two streams: %v", time.Since(begin).Round(time.Millisecond))
	b.page("/ui/")
	again := b.listen("/ui/events/stream", last.id)
	declare(t, c, "next", "app:\n  title: Two\n")
	again.until("serving generation 2")
}

func TestALogIsFollowed(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "followed", "app:\n  title: One\n", func(w *orbit.InstanceWrite) {
		w.Secrets, w.SecretsVersion = map[string]string{"TOKEN": "hunter2hunter2"}, 1
	})
	s.Runtime.Log("followed", `{"level":"info","plugin":"catalog","message":"the first"}`)
	l := asRoot(t, s).listen("/ui/workspaces/followed/log/stream", "")
	if m := l.until("info catalog: the first"); m.kind != "tail" {
		t.Errorf("it begins with %s", m.kind)
	}
	s.Runtime.Log("followed", `{"level":"error","plugin":"catalog","message":"hunter2hunter2 <script>\r\n\r\nevent: forged"}`)
	m := l.until("event: forged")
	if m.kind != "lines" || strings.Contains(m.data, "hunter2") || strings.Contains(m.data, "<script>") || strings.Contains(m.data, "the first") {
		t.Errorf("it goes on with %+v", m)
	}
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(bare(t, operator.Options{}))
	t.Cleanup(s.Close)
	b := openAt(t, s.URL)
	b.signIn("orbit_root")
	var open []*listener
	for range 100 {
		open = append(open, b.listen("/ui/events/stream", ""))
	}
	if one := b.listen("/ui/events/stream", ""); one.status != http.StatusServiceUnavailable {
		t.Errorf("one more answers %d, want 503", one.status)
	}
	b.page("/ui/")
	for _, l := range open {
		if l.status != http.StatusOK {
			t.Errorf("one of the first 100 answers %d", l.status)
		}
		l.end()
	}
}
