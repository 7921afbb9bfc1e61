package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// principals are those of all workspaces, of acme, and of another one.
func principals() map[string]auth.Principal {
	return map[string]auth.Principal{
		"admin":        {Subject: "root", Role: orbit.RoleAdmin},
		"all-admin":    {Subject: "a", Role: orbit.RoleWorkspaceAdmin},
		"all-reader":   {Subject: "b", Role: orbit.RoleReader},
		"acme-admin":   {Subject: "c", Role: orbit.RoleWorkspaceAdmin, Workspace: "acme"},
		"acme-reader":  {Subject: "d", Role: orbit.RoleReader, Workspace: "acme"},
		"other-admin":  {Subject: "e", Role: orbit.RoleWorkspaceAdmin, Workspace: "globex"},
		"other-reader": {Subject: "f", Role: orbit.RoleReader, Workspace: "globex"},
	}
}

// allowed says who of them may do what needs a permission, when the path's workspace is acme.
func allowed(t *testing.T, needs auth.Permission) []string {
	t.Helper()
	switch needs {
	case auth.Permission{Role: orbit.RoleReader, About: auth.AboutWorkspace}:
		return []string{"admin", "all-admin", "all-reader", "acme-admin", "acme-reader"}
	case auth.Permission{Role: orbit.RoleReader, About: auth.AboutOwn}, auth.Permission{Role: orbit.RoleReader, About: auth.AboutNone}:
		return []string{"admin", "all-admin", "all-reader", "acme-admin", "acme-reader", "other-admin", "other-reader"}
	case auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutWorkspace}:
		return []string{"admin", "all-admin", "acme-admin"}
	case auth.Permission{Role: orbit.RoleAdmin, About: auth.AboutNone}:
		return []string{"admin"}
	default:
		t.Fatalf("the table has a permission that this test does not know: %+v", needs)
		return nil
	}
}

// signedIn takes the token for the name of a principal.
type signedIn struct{}

func (signedIn) Authenticate(_ context.Context, token string) (auth.Principal, error) {
	p, known := principals()[token]
	if !known {
		return auth.Principal{}, auth.ErrUnknownToken
	}
	return p, nil
}

// auditLog keeps records in mind.
type auditLog struct {
	httpapi.AuditLog
	records []orbit.AuditRecord
}

func (l *auditLog) PutAudit(_ context.Context, r orbit.AuditRecord) (int64, error) {
	l.records = append(l.records, r)
	return int64(len(l.records)), nil
}

func (l *auditLog) FinishAudit(_ context.Context, r orbit.AuditRecord) error {
	l.records[r.ID-1] = r
	return nil
}

// operation is one of the OpenAPI document.
type operation struct{ id, method, path string }

func operations(t *testing.T) []operation {
	t.Helper()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(document, &api); err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, methods := range api.Paths {
		for method, o := range methods {
			path = strings.NewReplacer("{workspace}", "acme", "{package}", "x", "{id}", "x").Replace(path)
			all = append(all, operation{o.OperationID, strings.ToUpper(method), path})
		}
	}
	return all
}

// hollow returns an API that nothing stands behind, and its audit log.
func hollow() (http.Handler, *auditLog) {
	log := &auditLog{}
	return httpapi.New(httpapi.Options{Auth: signedIn{}, Audit: log, Logger: slog.New(slog.DiscardHandler)}), log
}

// ask says whether the principal may do the operation of a hollow API: what that lets pass panics or is refused for its body.
func ask(t *testing.T, api http.Handler, o operation, principal string) (may bool) {
	t.Helper()
	r := httptest.NewRequest(o.method, o.path, strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer "+principal)
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			may = true
		}
	}()
	api.ServeHTTP(answer, r)
	if answer.Code == http.StatusUnauthorized || strings.Contains(answer.Body.String(), string(orbit.CodeNoRoute)) {
		t.Errorf("%s %s answers %d %s", o.method, o.path, answer.Code, answer.Body)
	}
	return answer.Code != http.StatusForbidden
}

func TestEveryRouteIsForThoseWhoThePermissionsName(t *testing.T) {
	t.Parallel()
	api, _ := hollow()
	seen := map[string]bool{}
	for _, o := range operations(t) {
		needs, listed := httpapi.Permissions[o.id]
		if !listed {
			t.Errorf("%s is not in the table", o.id)
			continue
		}
		seen[o.id] = true
		for name := range principals() {
			want := slices.Contains(allowed(t, needs), name)
			if got := ask(t, api, o, name); got != want {
				t.Errorf("%s may %s: %t, want %t", name, o.id, got, want)
			}
		}
	}
	for id := range httpapi.Permissions {
		if !seen[id] {
			t.Errorf("the table has a line for %s, which no route is", id)
		}
	}
}

func TestOnlyReadersOperationsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		changes := o.method != http.MethodGet && o.id != "planChange"
		if forReaders := httpapi.Permissions[o.id].Role == orbit.RoleReader; changes && forReaders {
			t.Errorf("a reader may %s, which changes something", o.id)
		}
	}
}

func TestEveryWriteIsAuditedAndNothingElse(t *testing.T) {
	t.Parallel()
	api, log := hollow()
	for _, o := range operations(t) {
		for name, p := range principals() {
			log.records = nil
			may := ask(t, api, o, name)
			if o.method == http.MethodGet || o.id == "planChange" {
				if len(log.records) != 0 {
					t.Errorf("%s is recorded: %+v", o.id, log.records)
				}
				continue
			}
			if len(log.records) != 1 {
				t.Errorf("%s by %s left %d records, want 1", o.id, name, len(log.records))
				continue
			}
			r := log.records[0]
			if r.Operation != o.id || r.Subject != p.Subject || r.Role != p.Role || r.RequestID == "" || r.Address != "192.0.2.1" ||
				strings.Contains(o.path, "acme") != (r.Workspace == "acme") {
				t.Errorf("%s by %s is recorded as %+v", o.id, name, r)
			}
			if !may && (r.Status != http.StatusForbidden || r.Code != orbit.CodeForbidden) {
				t.Errorf("the refusal of %s to %s is recorded as %+v", o.id, name, r)
			}
		}
	}
}

func TestARefusalSaysWhichRoleIsNeededAndWhoSignedIn(t *testing.T) {
	t.Parallel()
	api, _ := hollow()
	r := httptest.NewRequest(http.MethodDelete, "/v1/instances/acme", nil)
	r.Header.Set("Authorization", "Bearer other-reader")
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, r)
	var problem orbit.Problem
	if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{"workspace_admin of workspace acme", "f, reader of workspace globex alone"} {
		if !strings.Contains(problem.Detail, said) {
			t.Errorf("the refusal says %q, want it to say %q", problem.Detail, said)
		}
	}
	if answer.Code != http.StatusForbidden || problem.RequestID == "" || answer.Header().Get("Content-Type") != orbit.ProblemMediaType {
		t.Errorf("the refusal is %d %s %+v, want a 403 problem with its request", answer.Code, answer.Header(), problem)
	}
}
