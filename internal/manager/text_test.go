package manager_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// send sends a request with the token and returns status and problem.
func send(t *testing.T, s *managertest.Server, method, path, body string, header http.Header) (int, orbit.Problem) {
	t.Helper()
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.Manager.APIURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	for name, values := range header {
		r.Header[name] = values
	}
	status, answer := fetch(t, r)
	var problem orbit.Problem
	if err := json.Unmarshal([]byte(answer), &problem); err != nil {
		t.Fatalf("%s %s answers %d %s: %v", method, path, status, answer, err)
	}
	return status, problem
}

// PostgreSQL has no place for a NUL or for bytes that are no UTF-8.
func TestWhatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	const spec = `{"release":"1.55.0","memory_limit_mib":1024,"deletion_protection":false`
	anew := http.Header{"If-None-Match": {"*"}}
	for name, test := range map[string]struct {
		method, path, body string
		header             http.Header
		status             int
		code               orbit.Code
	}{
		"workspace with NUL":         {method: "GET", path: "/v1/instances/a%00b", status: 404, code: orbit.CodeNotFound},
		"workspace that is no UTF-8": {method: "DELETE", path: "/v1/instances/a%FFb", status: 404, code: orbit.CodeNotFound},
		"package with NUL":           {method: "GET", path: "/v1/instances/text/plugins/a%00b", status: 404, code: orbit.CodeNotFound},
		"events of NUL":              {method: "GET", path: "/v1/instances/%00/events", status: 404, code: orbit.CodeNotFound},
		"change id with NUL":         {method: "GET", path: "/v1/changes/%00", status: 404, code: orbit.CodeNotFound},
		"cursor with NUL":            {method: "GET", path: "/v1/instances?cursor=a%00", status: 422, code: orbit.CodeInvalidRequest},
		"cursor that is no UTF-8":    {method: "GET", path: "/v1/instances?cursor=%FF", status: 422, code: orbit.CodeInvalidRequest},
		"plugin of NUL": {
			method: "PUT", path: "/v1/instances/a%00b/plugins/x", body: `{"version":"1.0.0"}`, header: anew, status: 422, code: orbit.CodeInvalidRequest,
		},
		"config with NUL": {
			method: "PUT", path: "/v1/instances/text-new", body: spec + `,"config":"# a\u0000b"}`, header: anew, status: 422, code: orbit.CodeInvalidRequest,
		},
		"config that is no UTF-8": {
			method: "PUT", path: "/v1/instances/text-new", body: spec + ",\"config\":\"# \xff\"}", header: anew, status: 422, code: orbit.CodeInvalidRequest,
		},
		"plan with NUL": {
			method: "POST", path: "/v1/instances/text/plan", body: `{"delete_plugin":"a\u0000b"}`, status: 422, code: orbit.CodeInvalidRequest,
		},
		"Idempotency-Key that is no UTF-8": {
			method: "PUT", path: "/v1/instances/text-new", body: spec + `}`, header: http.Header{"If-None-Match": {"*"}, "Idempotency-Key": {"\xff"}},
			status: 422, code: orbit.CodeInvalidRequest,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, problem := send(t, s, test.method, test.path, test.body, test.header)
			if status != test.status || problem.Code != test.code {
				t.Errorf("it answers %d %s (%s), want %d %s", status, problem.Code, problem.Detail, test.status, test.code)
			}
		})
	}
}

func TestADocumentMayShowTheEscapeOfNUL(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	if change := declare(t, c, "escape", title("'a\\u0000'")); change.State != orbit.ChangeApplied {
		t.Errorf("the change is %s: %v", change.State, change.Problem)
	}
	remove(t, c, "escape")
}
