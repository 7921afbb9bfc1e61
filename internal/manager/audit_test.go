package manager_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// audit returns the workspace's records, newest first.
func audit(t *testing.T, c *orbit.Client, workspace string) []orbit.AuditRecord {
	t.Helper()
	page, err := c.ListAudit(t.Context(), workspace, orbit.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func TestEveryWriteIsInTheAuditLogWithWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	team := newToken(t, c, "audited", orbit.RoleWorkspaceAdmin)
	reader := newToken(t, c, "audited", orbit.RoleReader)
	ours := with(t, s, team)
	created := declare(t, ours, "audited", "")
	_, err := ours.PutInstance(t.Context(), "audited", orbit.IfAbsent(), small(""))
	refused(t, err, orbit.CodeAlreadyExists)
	_, err = ours.PutInstance(t.Context(), "audited", orbit.IfMatch("x"), small(""))
	refused(t, err, orbit.CodeStale)
	_, err = ours.PutInstance(t.Context(), "audited", orbit.IfMatch("*"), small("- a\n"))
	refused(t, err, orbit.CodeNotAMapping)
	forbidden := refused(t, second(with(t, s, reader).DeleteInstance(t.Context(), "audited", orbit.Precondition{})), orbit.CodeForbidden)
	plugin := putPlugin(t, ours, "audited", "@acme/plugin-x-backend", "1.0.0")
	settle(t, c, plugin)
	if err := c.RevokeToken(t.Context(), "", reader.ID); err != nil { // the path names no workspace
		t.Fatal(err)
	}
	// None of these is a write.
	instance(t, ours, "audited")
	spec := small("").InstanceSpec
	if _, err := ours.Plan(t.Context(), "audited", orbit.PlanRequest{Instance: &spec}); err != nil {
		t.Fatal(err)
	}
	call(t, s, http.MethodPut, "/v1/instances/audited", "orbit_stranger")

	us, admin := "token:"+team.ID, orbit.RoleWorkspaceAdmin
	record := func(subject string, role orbit.Role, operation, object string, status int, code orbit.Code, change string) orbit.AuditRecord {
		return orbit.AuditRecord{
			Subject: subject, Role: role, Operation: operation, Workspace: "audited", Object: object, Status: status, Code: code,
			ChangeID: change, Address: "127.0.0.1",
		}
	}
	want := []orbit.AuditRecord{
		record("root", orbit.RoleAdmin, "revokeToken", reader.ID, 204, "", ""),
		record(us, admin, "putPlugin", "@acme/plugin-x-backend", 202, "", plugin.ID),
		record("token:"+reader.ID, orbit.RoleReader, "deleteInstance", "", 403, orbit.CodeForbidden, ""),
		record(us, admin, "putInstance", "", 422, orbit.CodeNotAMapping, ""),
		record(us, admin, "putInstance", "", 412, orbit.CodeStale, ""),
		record(us, admin, "putInstance", "", 409, orbit.CodeAlreadyExists, ""),
		record(us, admin, "putInstance", "", 202, "", created.ID),
		record("root", orbit.RoleAdmin, "createWorkspaceToken", reader.ID, 201, "", ""),
		record("root", orbit.RoleAdmin, "createWorkspaceToken", team.ID, 201, "", ""),
	}
	got := audit(t, ours, "audited")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(orbit.AuditRecord{}, "ID", "At", "RequestID")); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
	for _, r := range got {
		if r.RequestID == "" || r.At.IsZero() || r.Status == 403 && r.RequestID != forbidden.RequestID {
			t.Errorf("the record %+v names no time or not its request", r)
		}
	}
	remove(t, c, "audited")
}

func TestTheAuditLogIsReadPageByPage(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	for range 5 {
		newToken(t, c, "paged", orbit.RoleReader)
	}
	var ids []int64
	options := orbit.PageOptions{Limit: 2}
	for range 3 {
		page, err := c.ListAudit(t.Context(), "paged", options)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			ids = append(ids, r.ID)
		}
		options.Cursor = page.Next
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] >= ids[i-1] {
			t.Errorf("the pages list %v, want the newest first", ids)
		}
	}
	if len(ids) != 5 || options.Cursor != "" {
		t.Errorf("three pages of two list %d records and go on at %q, want 5 and the end", len(ids), options.Cursor)
	}
	_, err := c.ListAudit(t.Context(), "paged", orbit.PageOptions{Cursor: "newest"})
	refused(t, err, orbit.CodeInvalidRequest)
	if all, err := c.ListAudit(t.Context(), "", orbit.PageOptions{Limit: 1}); err != nil || len(all.Items) != 1 {
		t.Errorf("the log of all workspaces reads %+v, %v", all, err)
	}
}

func TestAWriteThatCannotBeRecordedIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	root, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	quick, err := orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: root, RetryMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, s, "ALTER TABLE audit RENAME TO elsewhere")
	_, err = quick.PutInstance(t.Context(), "unrecorded", orbit.IfAbsent(), small(""))
	if p := refused(t, err, orbit.CodeUnavailable); p.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "try again") {
		t.Errorf("the refusal is %+v, want a 503 that says to try again", p)
	}
	if _, err := quick.CreateToken(t.Context(), "unrecorded", orbit.TokenWrite{Role: orbit.RoleReader}); err == nil {
		t.Error("a token was made")
	}
	if _, err := c.GetInstance(t.Context(), "unrecorded"); !orbit.IsNotFound(err) {
		t.Errorf("reading it gives %v, want not found", err)
	}
	execute(t, s, "ALTER TABLE elsewhere RENAME TO audit")
	declare(t, c, "unrecorded", "")
}

func TestAWriteWhoseOutcomeIsNotRecordedIsInTheLogNevertheless(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	execute(t, s, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''the disk is full''; END'")
	execute(t, s, "CREATE TRIGGER refuse BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse()")
	newToken(t, c, "halfway", orbit.RoleReader)
	records := audit(t, c, "halfway")
	if len(records) != 1 || records[0].Status != 0 || records[0].Subject != "root" || records[0].Operation != "createWorkspaceToken" {
		t.Errorf("the log has %+v, want the intent without an outcome", records)
	}
}

func TestAuditRecordsAreKeptFor90Days(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	newToken(t, c, "past", orbit.RoleReader)
	newToken(t, c, "recent", orbit.RoleReader)
	execute(t, s, "UPDATE audit SET at = now() - CASE workspace WHEN 'past' THEN interval '91 days' ELSE interval '89 days' END")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "a record that is 91 days old to be forgotten", func() bool { return len(audit(t, c, "past")) == 0 })
	if n := len(audit(t, c, "recent")); n != 1 {
		t.Errorf("of the workspace with a record that is 89 days old %d are left", n)
	}
}

func TestWhatIsNoTextIsRecordedAsOne(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	status, problem := send(t, s, http.MethodPut, "/v1/instances/nul-audited/plugins/a%00%FFb", `{"version":"1.0.0"}`, nil)
	if status != http.StatusUnprocessableEntity || problem.Code != orbit.CodeInvalidRequest {
		t.Errorf("it answers %d %+v", status, problem)
	}
	send(t, s, http.MethodPut, "/v1/instances/nul-audited/plugins/"+strings.Repeat("ä", 10_000), `{"version":"1.0.0"}`, nil)
	records := audit(t, c, "nul-audited")
	if len(records) != 2 || records[1].Object != "a��b" || len(records[0].Object) > 260 {
		t.Errorf("it is recorded as %+v", records)
	}
}
