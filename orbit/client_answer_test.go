package orbit_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestOnlyTheAPIsOwnNotFoundMeansThatSomethingIsGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		gone   bool
		says   string
	}{
		"the API": {func(w http.ResponseWriter) {
			answer(w, http.StatusNotFound, orbit.Problem{Title: "No such instance", Code: orbit.CodeNotFound})
		}, true, "No such instance"},
		"no route": {func(w http.ResponseWriter) {
			answer(w, http.StatusNotFound, orbit.Problem{Title: "No such route", Code: orbit.CodeNoRoute})
		}, false, "has no route DELETE /v1/instances/acme"},
		"the gateway": {func(w http.ResponseWriter) {
			answer(w, http.StatusNotFound, orbit.Problem{Title: "No such host", Code: orbit.CodeUnknownHost})
		}, false, "it is its gateway"},
		"a page": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "<html>internal page</html>")
		}, false, "404 Not Found"},
		"a problem without a code": {func(w http.ResponseWriter) {
			answer(w, http.StatusNotFound, orbit.Problem{Title: "Not Found"})
		}, false, "404 Not Found"},
		"JSON that is no problem": {func(w http.ResponseWriter) {
			answer(w, http.StatusNotFound, map[string]string{"code": "not_found"})
		}, false, "404 Not Found"},
		"a success that is no change": {func(w http.ResponseWriter) {
			answer(w, http.StatusOK, map[string]string{"status": "ok"})
		}, false, "200 OK"},
		"a page for everything": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>welcome</html>") }, false, "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) })
			_, err := client.DeleteInstance(t.Context(), "acme", orbit.Precondition{})
			var problem *orbit.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("error is %T (%v), want *orbit.Problem", err, err)
			}
			if orbit.IsNotFound(err) != c.gone {
				t.Errorf("IsNotFound = %t, want %t", orbit.IsNotFound(err), c.gone)
			}
			says := []string{c.says}
			if !c.gone {
				says = append(says, client.Endpoint()+" is not orbitd's API", "set endpoint or ORBIT_ENDPOINT")
			}
			for _, want := range says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestAProxysUnauthorizedIsNotOrbitds(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	if _, err := client.GetInstance(t.Context(), "acme"); orbit.HasCode(err, orbit.CodeUnauthorized) {
		t.Errorf("error = %v: orbitd did not refuse any token", err)
	}
}
