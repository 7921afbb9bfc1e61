package manager_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// newToken has a client make a token.
func newToken(t *testing.T, c *orbit.Client, workspace string, role orbit.Role) *orbit.Token {
	t.Helper()
	token, err := c.CreateToken(t.Context(), workspace, orbit.TokenWrite{Role: role, Description: "for " + t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// with returns a client that signs in with the token.
func with(t *testing.T, s *managertest.Server, token *orbit.Token) *orbit.Client {
	t.Helper()
	c, err := orbit.NewClient(orbit.ClientOptions{Endpoint: s.Manager.APIURL(), Token: token.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATokenIsOfItsWorkspaceAlone(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "theirs", "")
	team := newToken(t, c, "ours", orbit.RoleWorkspaceAdmin)
	ours := with(t, s, team)
	change := declare(t, ours, "ours", "") // it need not exist before
	foreign := declare(t, c, "theirs", title("Theirs"))

	if got, err := ours.GetChange(t.Context(), change.ID, 0); err != nil || got.ID != change.ID {
		t.Errorf("its own change reads %+v, %v", got, err)
	}
	page, err := ours.ListInstances(t.Context(), orbit.InstanceQuery{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Workspace != "ours" || page.Next != "" {
		t.Errorf("it lists %+v, %v, want its own instance alone", page, err)
	}
	page, err = ours.ListInstances(t.Context(), orbit.InstanceQuery{PageOptions: orbit.PageOptions{Cursor: "ours"}})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("the page after it lists %+v, %v, want nothing", page, err)
	}
	if _, err := ours.ListReleases(t.Context()); err != nil {
		t.Errorf("it cannot read what is of no workspace: %v", err)
	}
	refused(t, second(ours.GetInstance(t.Context(), "theirs")), orbit.CodeForbidden)
	refused(t, second(ours.DeleteInstance(t.Context(), "theirs", orbit.Precondition{})), orbit.CodeForbidden)
	refused(t, second(ours.CreateToken(t.Context(), "theirs", orbit.TokenWrite{Role: orbit.RoleReader})), orbit.CodeForbidden)
	refused(t, second(ours.CreateToken(t.Context(), "", orbit.TokenWrite{Role: orbit.RoleReader})), orbit.CodeForbidden)
	refused(t, second(ours.ListTokens(t.Context(), "", orbit.PageOptions{})), orbit.CodeForbidden)
	refused(t, second(ours.ListAudit(t.Context(), "", orbit.PageOptions{})), orbit.CodeForbidden)

	// A change of another workspace is answered as one that there never was, at once also when it is waited for.
	never := uuid.NewString()
	none := refused(t, second(ours.GetChange(t.Context(), never, time.Minute)), orbit.CodeNotFound)
	hidden := refused(t, second(ours.GetChange(t.Context(), foreign.ID, time.Minute)), orbit.CodeNotFound)
	if strings.ReplaceAll(hidden.Error(), foreign.ID, never) != none.Error() {
		t.Errorf("another workspace's change reads %q, one that is not there %q", hidden, none)
	}
	remove(t, ours, "ours")
	if _, err := c.GetToken(t.Context(), "ours", team.ID); err != nil {
		t.Errorf("the token does not outlive the instance: %v", err)
	}
	remove(t, c, "theirs")
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

func TestAReaderPlansAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	reader := with(t, s, newToken(t, c, "readers", orbit.RoleReader))
	spec := small("").InstanceSpec
	if _, err := reader.Plan(t.Context(), "readers", orbit.PlanRequest{Instance: &spec}); err != nil {
		t.Errorf("it cannot plan: %v", err)
	}
	refused(t, second(reader.PutInstance(t.Context(), "readers", orbit.IfAbsent(), small(""))), orbit.CodeForbidden)
	refused(t, second(reader.CreateToken(t.Context(), "readers", orbit.TokenWrite{Role: orbit.RoleReader})), orbit.CodeForbidden)
	refused(t, second(reader.ListTokens(t.Context(), "readers", orbit.PageOptions{})), orbit.CodeForbidden)
	all := with(t, s, newToken(t, c, "", orbit.RoleReader))
	if _, err := all.Plan(t.Context(), "whatever", orbit.PlanRequest{Instance: &spec}); err != nil {
		t.Errorf("a reader of all workspaces cannot plan: %v", err)
	}
	refused(t, second(all.PutInstance(t.Context(), "readers", orbit.IfAbsent(), small(""))), orbit.CodeForbidden)
}

func TestARevokedTokenIsRefusedInTheMiddleOfARun(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	token := newToken(t, c, "revoked", orbit.RoleWorkspaceAdmin)
	run := with(t, s, token)
	declare(t, run, "revoked", "")
	if err := c.RevokeToken(t.Context(), "revoked", token.ID); err != nil {
		t.Fatal(err)
	}
	refused(t, second(run.GetInstance(t.Context(), "revoked")), orbit.CodeUnauthorized)
	refused(t, second(c.GetToken(t.Context(), "revoked", token.ID)), orbit.CodeNotFound)
	remove(t, c, "revoked")
}

func TestOfTwoRevocationsOneIsTheFirst(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	token := newToken(t, c, "twice", orbit.RoleReader)
	var (
		errs  [2]error
		group sync.WaitGroup
	)
	for i := range errs {
		group.Go(func() { errs[i] = c.RevokeToken(context.WithoutCancel(t.Context()), "twice", token.ID) })
	}
	group.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !orbit.IsNotFound(errs[0]) && !orbit.IsNotFound(errs[1]) {
		t.Errorf("the revocations answer %v and %v, want one success and one not found", errs[0], errs[1])
	}
}

func TestNobodyRaisesAToken(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	team := newToken(t, c, "raised", orbit.RoleWorkspaceAdmin)
	ours := with(t, s, team)
	admin, below := orbit.RoleAdmin, orbit.RoleReader
	refused(t, second(ours.PatchToken(t.Context(), "raised", team.ID, orbit.TokenPatch{Role: &admin})), orbit.CodeForbidden)
	refused(t, second(ours.CreateToken(t.Context(), "raised", orbit.TokenWrite{Role: admin})), orbit.CodeForbidden)
	refused(t, second(c.PatchToken(t.Context(), "raised", team.ID, orbit.TokenPatch{Role: &admin})), orbit.CodeInvalidRequest)
	refused(t, second(c.CreateToken(t.Context(), "raised", orbit.TokenWrite{Role: admin})), orbit.CodeInvalidRequest)
	refused(t, second(c.CreateToken(t.Context(), "", orbit.TokenWrite{Role: orbit.RoleWorkspaceAdmin})), orbit.CodeInvalidRequest)
	refused(t, second(c.CreateToken(t.Context(), "Not_A_Label", orbit.TokenWrite{Role: below})), orbit.CodeInvalidWorkspace)
	lower, err := ours.CreateToken(t.Context(), "raised", orbit.TokenWrite{Role: below})
	if err != nil {
		t.Fatal(err)
	}
	if lower.CreatedBy != "token:"+team.ID {
		t.Errorf("it was made by %q, want token:%s", lower.CreatedBy, team.ID)
	}
	same := orbit.RoleWorkspaceAdmin
	refused(t, second(with(t, s, lower).PatchToken(t.Context(), "raised", lower.ID, orbit.TokenPatch{Role: &same})), orbit.CodeForbidden)
	if patched, err := ours.PatchToken(t.Context(), "raised", lower.ID, orbit.TokenPatch{Role: &same}); err != nil || patched.Role != same {
		t.Errorf("raising it to the caller's own role gives %+v, %v", patched, err)
	}
}

func TestTokensAreListedAndRead(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	text := "for CI"
	var made []string
	for range 3 {
		made = append(made, newToken(t, c, "listed", orbit.RoleReader).ID)
	}
	patched, err := c.PatchToken(t.Context(), "listed", made[1], orbit.TokenPatch{Description: &text})
	if err != nil || patched.Description != text || patched.Role != orbit.RoleReader || patched.Secret != "" {
		t.Errorf("the patch answers %+v, %v", patched, err)
	}
	var listed []string
	for options := (orbit.PageOptions{Limit: 2}); ; {
		page, err := c.ListTokens(t.Context(), "listed", options)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range page.Items {
			if token.Secret != "" {
				t.Error("a list shows a secret")
			}
			listed = append(listed, token.ID)
		}
		if options.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if strings.Join(listed, " ") != strings.Join(made, " ") {
		t.Errorf("listed %v, want %v", listed, made)
	}
	if token, err := c.GetToken(t.Context(), "", made[0]); err != nil || token.Workspace != "listed" {
		t.Errorf("an admin reads it without its workspace as %+v, %v", token, err)
	}
	for _, id := range []string{uuid.NewString(), "nothing", strings.Repeat("x", 10_000)} {
		refused(t, second(c.GetToken(t.Context(), "listed", id)), orbit.CodeNotFound)
		refused(t, c.RevokeToken(t.Context(), "listed", id), orbit.CodeNotFound)
		refused(t, second(c.PatchToken(t.Context(), "listed", id, orbit.TokenPatch{Description: &text})), orbit.CodeNotFound)
	}
	refused(t, second(c.GetToken(t.Context(), "unlisted", made[0])), orbit.CodeNotFound)
	refused(t, c.RevokeToken(t.Context(), "unlisted", made[0]), orbit.CodeNotFound)
}

// postToken asks for a token with an Idempotency-Key of the test's own.
func postToken(t *testing.T, s *managertest.Server, path, key, body string) (status int, token orbit.Token) {
	t.Helper()
	root, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Manager.APIURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"Bearer " + root}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	if kept := answer.Header.Get("Cache-Control"); token.Secret != "" && kept != "no-store" {
		t.Errorf("Cache-Control of an answer with a secret is %q, want no-store", kept)
	}
	return answer.StatusCode, token
}

func TestARetriedTokenIsTheSameWithASecretOfItsOwn(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	key := uuid.NewString()
	const path, body = "/v1/instances/keyed/tokens", `{"role":"workspace_admin"}`
	_, first := postToken(t, s, path, key, body)
	if _, err := with(t, s, &first).ListTokens(t.Context(), "keyed", orbit.PageOptions{}); err != nil {
		t.Fatal(err)
	}
	status, second := postToken(t, s, path, key, body)
	if status != http.StatusCreated || second.ID != first.ID || second.Secret == first.Secret {
		t.Errorf("the retry answers %d, want 201 with the same token and another secret", status)
	}
	_, err := with(t, s, &first).ListTokens(t.Context(), "keyed", orbit.PageOptions{})
	refused(t, err, orbit.CodeUnauthorized)
	if page, err := with(t, s, &second).ListTokens(t.Context(), "keyed", orbit.PageOptions{}); err != nil || len(page.Items) != 1 {
		t.Errorf("with the new secret it lists %+v, %v, want one token", page, err)
	}
	for path, body := range map[string]string{path: `{"role":"reader"}`, "/v1/instances/keyed-2/tokens": body} {
		if status, _ := postToken(t, s, path, key, body); status != http.StatusUnprocessableEntity {
			t.Errorf("another request with the key answers %d, want 422", status)
		}
	}
}

func TestATokenEndsByItselfAndIsForgottenAWeekLater(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	token, err := c.CreateToken(t.Context(), "ending", orbit.TokenWrite{Role: orbit.RoleReader, LifetimeSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(*token.ExpiresAt); left < 59*time.Minute || left > time.Hour {
		t.Errorf("it ends in %s, want an hour", left)
	}
	use := with(t, s, token)
	if _, err := use.ListReleases(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, s, "UPDATE tokens SET expires_at = now() - interval '6 days' WHERE id = $1", token.ID)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := refused(t, second(use.ListReleases(t.Context())), orbit.CodeUnauthorized); !strings.Contains(p.Detail, "expired") {
		t.Errorf("an expired token is told %q", p.Detail)
	}
	kept, err := c.GetToken(t.Context(), "ending", token.ID)
	if err != nil || !kept.Expired(time.Now()) {
		t.Errorf("an expired token reads %+v, %v", kept, err)
	}
	if kept.LastUsedAt == nil || time.Since(*kept.LastUsedAt) > time.Hour {
		t.Errorf("it was last used at %v, want when it was", kept.LastUsedAt)
	}
	execute(t, s, "UPDATE tokens SET expires_at = now() - interval '8 days' WHERE id = $1", token.ID)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "a token that ended 8 days ago to be forgotten", func() bool {
		return orbit.IsNotFound(second(c.GetToken(t.Context(), "ending", token.ID)))
	})
}

func TestWhatIsNoTokenSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	root, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string][]string{
		"none":                    nil,
		"two":                     {"Bearer " + root, "Bearer " + root},
		"another scheme":          {"Basic " + root},
		"no scheme":               {root},
		"half a token":            {"Bearer " + root[:20]},
		"a token of nobody":       {"Bearer orbit_" + uuid.NewString() + "_" + strings.Repeat("x", 43)},
		"one that cannot be":      {"Bearer orbit_x'; DROP TABLE tokens; --_x"},
		"bytes that are no ASCII": {"Bearer orbit_\xff\xfe"},
		"40 kB":                   {"Bearer " + strings.Repeat("x", 40_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Manager.APIURL()+"/v1/instances", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header["Authorization"] = header
			status, body := fetch(t, r)
			if status != http.StatusUnauthorized || !strings.Contains(body, "orbitd token create") || strings.Contains(body, root) {
				t.Errorf("it answers %d %s, want 401 and what to do", status, body)
			}
		})
	}
	status, body := call(t, s, http.MethodGet, "/v1/instances", strings.Repeat("x", 2<<20))
	if status != http.StatusRequestHeaderFieldsTooLarge && status != http.StatusUnauthorized {
		t.Errorf("2 MB are answered %d %.100s", status, body)
	}
}

// counted is the number that a query of orbitd's own database gives.
func counted(t *testing.T, s *managertest.Server, query string, arguments ...any) (n int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if err := connection.QueryRow(t.Context(), query, arguments...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheDatabaseHasNoSecretOfAToken(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	token := newToken(t, c, "digested", orbit.RoleReader)
	secret := token.Secret[strings.LastIndex(token.Secret, token.ID)+len(token.ID)+1:]
	found := counted(t, s, "SELECT (SELECT count(*) FROM tokens t WHERE t::text LIKE '%' || $1 || '%') + "+
		"(SELECT count(*) FROM audit a WHERE a::text LIKE '%' || $1 || '%')", secret)
	if found != 0 {
		t.Error("the secret of a token is in the database")
	}
}

func TestWhatSigningInAndRecordingCost(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	token := newToken(t, c, "", orbit.RoleReader)
	root, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	for what, ask := range map[string]func(){
		"a request that goes nowhere, with the token of the file": func() { call(t, s, http.MethodGet, "/no/such/route", root) },
		"a request that goes nowhere, with a stored token":        func() { call(t, s, http.MethodGet, "/no/such/route", token.Secret) },
		"reading a token that is not there":                       func() { call(t, s, http.MethodGet, "/v1/tokens/x", root) },
		"revoking a token that is not there, with its record":     func() { call(t, s, http.MethodDelete, "/v1/tokens/x", root) },
	} {
		ask() // a stored token is looked up once
		took := make([]time.Duration, 101)
		for i := range took {
			begin := time.Now()
			ask()
			took[i] = time.Since(begin)
		}
		slices.Sort(took)
		t.Logf("figure: %s, median of %d: %d µs", what, len(took), took[len(took)/2].Microseconds())
	}
}
