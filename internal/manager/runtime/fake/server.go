package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"
)

// State is what a serving process answers on every path but its readiness.
type State struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	PID       int    `json:"pid"`
	Bundle    string `json:"bundle"`
	// Digest is the SHA-256 of Config, in hexadecimal digits.
	Digest string `json:"digest"`
	// Config is the config that the process was last given, secrets included. It is there for tests alone.
	Config json.RawMessage `json:"config"`
	// Subject is as whom the process sees who asks: external:orbit:<subject> for what orbitd signs; "" is nobody.
	Subject string `json:"subject,omitempty"`
	// Authorization is what came with the request. It is there for tests alone.
	Authorization []string `json:"authorization,omitempty"`
}

// server is the HTTP server of a fake process. Its paths:
//
//	/.backstage/health/v1/readiness   200 {"status":"ok"}
//	/api/catalog/…                    the catalog's API, for what orbitd signs
//	every other                       200 with a State
type server struct {
	listener net.Listener
	http     http.Server
	running  sync.WaitGroup
}

// serve starts the server of the process on a free port of the loopback interface.
func serve(ctx context.Context, p *Process) (*server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.backstage/health/v1/readiness", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]string{"status": "ok"})
	})
	p.serveCatalog(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		state := p.state()
		state.Authorization = r.Header["Authorization"]
		state.Subject = p.Subject(r.Header.Get("Authorization"))
		writeJSON(w, state)
	})
	s := &server{listener: listener, http: http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}}
	s.running.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

func (s *server) address() string { return s.listener.Addr().String() }

// close ends the server and its connections. A process that does not serve has none.
func (s *server) close() {
	if s == nil {
		return
	}
	_ = s.http.Close()
	_ = s.listener.Close() // Serve may not have taken it over yet
	s.running.Wait()
}

// state is what the process answers.
func (p *Process) state() State {
	config := p.Config().Document
	sum := sha256.Sum256(config)
	if len(config) == 0 {
		config = json.RawMessage("null")
	}
	return State{
		Workspace: p.Spec().Workspace, ID: p.Spec().ID, PID: p.pid, Bundle: p.Spec().Bundle,
		Digest: hex.EncodeToString(sum[:]), Config: config,
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
