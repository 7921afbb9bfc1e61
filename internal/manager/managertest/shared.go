package managertest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Shared is what the tests of a package have in common: one orbitd for all that only need a workspace of their own in it,
// and the data of PostgreSQL that the orbitds of the others begin with.
type Shared struct {
	// Options are those of the shared orbitd.
	Options Options

	once     sync.Once
	server   *Server
	err      error
	clusters clusters
}

// Run runs the package's tests, ends what they share and returns the exit code: it is what TestMain calls.
func (s *Shared) Run(m *testing.M) (code int) {
	code = m.Run()
	if err := s.close(); err != nil {
		fmt.Fprintln(os.Stderr, "end what the tests share:", err)
		code = max(code, 1)
	}
	return code
}

func (s *Shared) close() error {
	var err error
	if s.server != nil {
		err = s.server.Close()
	}
	return errors.Join(err, s.clusters.remove())
}

// Server returns the shared orbitd, which the first caller starts. Where no release is installed the test is skipped.
func (s *Shared) Server(t *testing.T) *Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = Start(t.Context(), s.Options) })
	available(t, s.err)
	return s.server
}

// Open starts an orbitd that no other test uses, and that ends with the test. What decides about its boots is by default what
// does so for the shared one. Where no release is installed the test is skipped.
func (s *Shared) Open(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Boot == nil {
		o.Boot = s.Options.Boot
	}
	o.clusters = &s.clusters
	return Open(t, o)
}

// Open starts an orbitd that ends with the test. Where no release is installed the test is skipped.
func Open(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	available(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close orbitd: %v", err)
		}
	})
	return s
}

// ClientOf returns a client of the orbitd's API.
func ClientOf(t *testing.T, s *Server) *orbit.Client {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func available(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrNoBundle) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
