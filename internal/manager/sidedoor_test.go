package manager

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

func TestTheNewestHasTheSideDoor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pass := passOn(sideDoor(dir, apiSocket), tellSender)
	for _, answer := range []string{"first", "second"} {
		listener, err := listenAtSideDoor(dir, apiSocket)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: throughSideDoor(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(answer + " sees " + r.RemoteAddr + r.Header.Get(cameFrom) + " ask " + r.Host))
		}))}
		s.SetKeepAlivesEnabled(false) // as one that has a successor answers
		go func() { _ = s.Serve(listener) }()
		defer func() { _ = s.Close() }()
		info, err := os.Stat(sideDoor(dir, apiSocket))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket has mode %v (%v), want 0600", info.Mode(), err)
		}
		r := httptest.NewRequest(http.MethodGet, "http://orbit.example/", http.NoBody)
		r.Header.Set(cameFrom, "somebody else")
		w := httptest.NewRecorder()
		pass.ServeHTTP(w, r)
		if want := answer + " sees " + r.RemoteAddr + " ask orbit.example"; w.Body.String() != want {
			t.Errorf("the answer is %q, want %q", w.Body.String(), want)
		}
	}
}
