package manager_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// slowTemplate is a template whose task waits for a server, and then needs its own catalog.
const slowTemplate = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: slow}
spec:
  type: service
  parameters: []
  steps:
    - {id: wait, action: 'fetch:plain:file', input: {url: '%s/file', targetPath: file}}
    - {id: look, action: 'catalog:fetch', input: {entityRef: 'template:default/slow'}}
`

// A task of the scaffolder and a request outlive the rollout that replaces their process, and a restart of orbitd; a
// WebSocket is told to go.
func TestARealProcessEndsItsTasksBeforeItEnds(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	files := newSlowServer(t)
	template := filepath.Join(p.dir, "template.yaml")
	if err := os.WriteFile(template, fmt.Appendf(nil, slowTemplate, files.URL), 0o644); err != nil {
		t.Fatal(err)
	}
	config := func(title string) string {
		return fmt.Sprintf(`
app: {title: %s}
auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}
backend: {reading: {allow: [{host: '%s'}]}}
catalog: {rules: [{allow: [Template]}], locations: [{type: file, target: '%s'}]}
`, title, strings.TrimPrefix(files.URL, "http://"), template)
	}
	c := p.client(t)
	p.declare(t, c, "acme", config("Before"))
	old := instance(t, c, "acme").Status.PID
	token := p.guest(t)
	await(t, "the template to be in the catalog", func() bool {
		status, _ := p.send(t, http.MethodGet, "/api/catalog/entities/by-name/template/default/slow", token, "")
		return status == http.StatusOK
	})
	status, body := p.send(t, http.MethodPost, "/api/scaffolder/v2/tasks", token, `{"templateRef":"template:default/slow","values":{}}`)
	var task struct{ ID string }
	if err := json.Unmarshal([]byte(body), &task); err != nil || task.ID == "" {
		t.Fatalf("create a task: %d %s", status, body)
	}
	state := func() string {
		_, body := p.send(t, http.MethodGet, "/api/scaffolder/v2/tasks/"+url.PathEscape(task.ID), token, "")
		var task struct{ Status string }
		_ = json.Unmarshal([]byte(body), &task) // asked again
		return task.Status
	}
	files.await(t)
	slow := p.slowRequest(t)

	p.declare(t, c, "acme", config("After"))
	if now := instance(t, c, "acme").Status.PID; now == old || !runs(old) {
		t.Fatalf("pid %d serves, and %d, which has a task and a request, runs: %v", now, old, runs(old))
	}
	signals := p.webSocket(t)
	orbitd := p.pid(t)
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	if status, err := closeStatus(signals); status != 1012 {
		t.Errorf("a WebSocket is closed with status %d (%v), want 1012: its orbitd ends", status, err)
	}
	if status := slow(); status != http.StatusNotFound { // Backstage's answer: there is no such provider
		t.Errorf("the request that was under way is answered %d", status)
	}
	await(t, "the orbitd before to end", func() bool { return !runs(orbitd) })
	if now := state(); now != "processing" || !runs(old) {
		t.Errorf("the task is %q, its process runs: %v, want it to go on", now, runs(old))
	}
	files.release()
	await(t, "the task to end", func() bool { return state() != "processing" })
	if now := state(); now != "completed" {
		_, events := p.send(t, http.MethodGet, "/api/scaffolder/v2/tasks/"+url.PathEscape(task.ID)+"/events", token, "")
		t.Errorf("the task is %q, want completed: %s", now, events)
	}
	if asked := files.asked.Load(); asked != 1 {
		t.Errorf("the task ran %d times, want once", asked)
	}
	await(t, "the process before to end", func() bool { return !runs(old) })
}

// slowServer is a server that answers when it is told to.
type slowServer struct {
	*httptest.Server
	asked   atomic.Int64
	first   chan struct{}
	release func()
}

func newSlowServer(t *testing.T) *slowServer {
	t.Helper()
	s := &slowServer{first: make(chan struct{})}
	gate := make(chan struct{})
	s.release = sync.OnceFunc(func() { close(gate) })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.asked.Add(1) == 1 {
			close(s.first)
		}
		select {
		case <-gate:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "done")
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.release)
	return s
}

func (s *slowServer) await(t *testing.T) {
	t.Helper()
	select {
	case <-s.first:
	case <-time.After(settleTime):
		t.Fatal("nobody asked the server")
	}
}

// client returns a client of the program's API.
func (p *program) client(t *testing.T) *orbit.Client {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(p.dir, "data", "token"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := orbit.NewClient(orbit.ClientOptions{Endpoint: "http://" + p.api, Token: strings.TrimSpace(string(token))})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// declare writes an instance and waits until it runs.
func (p *program) declare(t *testing.T, c *orbit.Client, workspace, config string, modify ...func(*orbit.InstanceWrite)) {
	t.Helper()
	change := put(t, c, workspace, config, modify...)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	settled, err := c.WaitChange(ctx, change.ID, nil)
	if err != nil || settled.State != orbit.ChangeApplied {
		t.Fatalf("declare %s: %+v, %v", workspace, settled, err)
	}
}

// guest signs in to acme's Backstage as its guest.
func (p *program) guest(t *testing.T) string {
	t.Helper()
	status, body := p.send(t, http.MethodGet, "/api/auth/guest/refresh", "", "")
	var session struct {
		BackstageIdentity struct{ Token string } `json:"backstageIdentity"`
	}
	if err := json.Unmarshal([]byte(body), &session); err != nil || session.BackstageIdentity.Token == "" {
		t.Fatalf("sign in as guest: %d %s", status, body)
	}
	return session.BackstageIdentity.Token
}

// send sends a request to acme's Backstage and returns the answer's status and body.
func (p *program) send(t *testing.T, method, path, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.gateway+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "acme.localhost"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return fetch(t, r)
}

// webSocket opens a WebSocket to acme's Backstage, which leaves the first request for one without an answer.
func (p *program) webSocket(t *testing.T) *bufio.Reader {
	t.Helper()
	for range 5 {
		conn, err := net.Dial("tcp", p.gateway)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
		_, err = io.WriteString(conn, "GET /api/signals HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\n"+
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			continue // nothing came
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusSwitchingProtocols {
			_ = conn.SetDeadline(time.Now().Add(settleTime))
			return reader
		}
	}
	t.Fatal("no WebSocket is opened")
	return nil
}

// closeStatus reads frames up to a Close frame and returns its status.
func closeStatus(frames io.Reader) (int, error) {
	for {
		var header [2]byte
		if _, err := io.ReadFull(frames, header[:]); err != nil {
			return 0, err
		}
		payload := make([]byte, header[1]) // a server's short frame
		if _, err := io.ReadFull(frames, payload); err != nil {
			return 0, err
		}
		if header[0]&0x0f == 8 && len(payload) >= 2 {
			return int(binary.BigEndian.Uint16(payload)), nil
		}
	}
}
