package provider_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// answering is the URL of something that is not orbitd's API.
func answering(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestWhatIsNotOrbitdNeverSaysThatAnythingIsGone(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	for name, c := range map[string]struct {
		endpoint string
		says     string
	}{
		"the gateway": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			orbit.WriteProblem(w, &orbit.Problem{Title: "No workspace has this host name", Status: http.StatusNotFound, Code: orbit.CodeUnknownHost})
		}), "is not orbitd's API, it is its gateway"},
		"a proxy": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "<html>not here</html>")
		}), "is not orbitd's API"},
		"a problem of somebody else": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			orbit.WriteProblem(w, &orbit.Problem{Title: "Not Found", Status: http.StatusNotFound})
		}), "is not orbitd's API"},
		"something that takes everything": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusNotFound, object{"code": orbit.CodeNotFound})
		}), "is not orbitd's API"},
		"a page for everything": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>welcome</html>")
		}), "is not orbitd's API"},
		"a wrong path": {api.URL + "/orbit", "has no route "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := newFakeAPI(t)
			for kind, r := range map[string]*resource{
				"instance acme": existing(t, own, with(acme(), object{"deletion_protection": false})),
				"plugin ":       existingPlugin(t, own, argoCD()),
			} {
				deletion := r.plan(t, nil)
				r.core = newCore(t, object{"endpoint": c.endpoint, "token": fakeToken})
				says := []string{c.says, c.endpoint, "set endpoint or ORBIT_ENDPOINT"}
				want(t, r.refresh(t).errors(), append(says, "Unable to read "+kind)...)
				want(t, r.apply(t, deletion).errors(), append(says, "Unable to delete "+kind)...)
				if !r.exists() {
					t.Errorf("%s is not tracked any more", kind)
				}
			}
		})
	}
}

func TestADestroyIsNotDoneByAnAnswerThatIsNoChange(t *testing.T) {
	t.Parallel()
	instance := existing(t, newFakeAPI(t), with(acme(), object{"deletion_protection": false}))
	instance.core = newCore(t, object{"token": fakeToken, "endpoint": answering(t, func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, object{"ok": true})
	})})
	want(t, instance.apply(t, instance.plan(t, nil)).errors(), "is not orbitd's API")
	if !instance.exists() {
		t.Error("it is not tracked any more")
	}
}
