package manager

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// cameFrom is the header that says at the side door whom a request came from.
const cameFrom = "Orbit-Came-From"

// sideDoor is the socket at which an orbitd takes requests to the API, or to the gateway, that the ones before pass on. They
// came over connections that are open still, whose clients have shown what TLS asks for, and which cannot be asked again.
// The newest orbitd has it. It has the name of the socket that the requests came through at first.
func sideDoor(runDir, socket string) string { return filepath.Join(runDir, socket) }

// listenAtSideDoor takes the side door over. It lets nobody in but orbitd's own user.
func listenAtSideDoor(runDir, socket string) (net.Listener, error) {
	path := sideDoor(runDir, socket)
	building := path + ".new"
	_ = os.Remove(building) // of one that crashed
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: building, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for what the orbitd before passes on: %w", err)
	}
	listener.SetUnlinkOnClose(false) // it may be the next one's by then
	if err := errors.Join(os.Chmod(building, 0o600), os.Rename(building, path)); err != nil {
		return nil, fmt.Errorf("listen for what the orbitd before passes on: %w", errors.Join(err, listener.Close()))
	}
	return listener, nil
}

// throughSideDoor gives the requests the address that they came from.
func throughSideDoor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = r.Header.Get(cameFrom)
		r.Header.Del(cameFrom)
		next.ServeHTTP(w, r)
	})
}
