package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// BenchmarkRequest measures one request after the other and 64 at a time, straight to a trivial backend and through the
// gateway. The difference is what the gateway adds.
func BenchmarkRequest(b *testing.B) {
	for _, body := range []struct {
		name string
		size int
	}{{"small", 16}, {"64KiB", 64 << 10}} {
		text := strings.Repeat("x", body.size)
		backend := newBackend(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
		f := newFront(b, gateway.Options{})
		f.Switch("acme", backend)
		direct := newFront(b, gateway.Options{})
		direct.address = backend
		for _, way := range []struct {
			name string
			*front
		}{{"direct", direct}, {"gateway", f}} {
			b.Run(body.name+"/"+way.name+"/one", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					way.request(b)
				}
			})
			b.Run(body.name+"/"+way.name+"/64", func(b *testing.B) {
				b.SetParallelism(32)
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						way.request(b)
					}
				})
			})
		}
	}
}

// BenchmarkToken measures a request without a token, with a user's and with an access token, of which the exchange itself
// costs nothing here.
func BenchmarkToken(b *testing.B) {
	f := newFront(b, gateway.Options{})
	f.Switch("acme", newBackend(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	bearer := strings.Repeat("x", 400)
	f.ExchangeTokens(func(string, string) (string, bool) { return bearer, true })
	for _, token := range []struct{ name, value string }{{"none", ""}, {"user", bearer}, {"access", "orbit_access_x"}} {
		b.Run(token.name, func(b *testing.B) {
			r := newRequest(b, http.MethodGet, "acme.localhost", "/", nil)
			if token.value != "" {
				r.Header.Set("Authorization", "Bearer "+token.value)
			}
			b.ReportAllocs()
			for b.Loop() {
				f.send(b, r)
			}
		})
	}
}

func (f *front) request(b *testing.B) {
	f.send(b, newRequest(b, http.MethodGet, "acme.localhost", "/", nil))
}

func (f *front) send(b *testing.B, r *http.Request) {
	response, err := f.client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		b.Error(response.StatusCode, err)
	}
	_ = response.Body.Close()
}

// BenchmarkRoute measures what the gateway itself does for a request beside proxying it: finding the workspace.
func BenchmarkRoute(b *testing.B) {
	f := newFront(b, gateway.Options{})
	for _, name := range strings.Fields("acme globex initech umbrella") {
		f.Fail(name, gateway.Unavailable)
	}
	r := newRequest(b, http.MethodGet, "unknown.localhost:7007", "/", nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f.ServeHTTP(&nowhere{}, r)
		}
	})
}

type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header {
	if n.header == nil {
		n.header = http.Header{}
	}
	return n.header
}
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}
