package npmtest

import (
	"archive/tar"
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"strings"
)

// Fault is something wrong with a registry. It answers a request in its own way and returns true, or returns false.
type Fault func(w http.ResponseWriter, request *http.Request) bool

// Break gives the registry faults, in place of those that it has. Without any it is whole again.
func (r *Registry) Break(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = faults
}

// Down ends every connection without an answer.
func Down() Fault {
	return func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
}

// Slow lets every request wait until release is closed, and answers it then.
func (r *Registry) Slow(release <-chan struct{}) Fault {
	return func(_ http.ResponseWriter, request *http.Request) bool {
		select {
		case <-release:
		case <-r.ended:
		case <-request.Context().Done():
		}
		return false
	}
}

// Garbage answers every request with this text and status 200, as a captive portal does.
func Garbage(text string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte(text))
		return true
	}
}

// Status answers every request with this status.
func Status(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, status, http.StatusText(status))
		return true
	}
}

// Endless answers with a tarball that does not end: one file, of bytes that do not compress.
func (r *Registry) Endless() Fault {
	return func(w http.ResponseWriter, request *http.Request) bool {
		zipped, source, block := gzip.NewWriter(w), rand.NewChaCha8([32]byte{}), make([]byte, 1<<16)
		_ = tar.NewWriter(zipped).WriteHeader(&tar.Header{Name: "package/endless.bin", Mode: 0o644, Size: 1 << 50})
		for {
			select {
			case <-r.ended:
				return true
			case <-request.Context().Done():
				return true
			default:
			}
			_, _ = source.Read(block) // never fails
			if _, err := zipped.Write(block); err != nil {
				return true
			}
		}
	}
}

// Only limits a fault to requests whose path contains text: "/-/" for tarballs, a name for a package.
func Only(text string, fault Fault) Fault {
	return func(w http.ResponseWriter, request *http.Request) bool {
		return strings.Contains(request.URL.Path, text) && fault(w, request)
	}
}
