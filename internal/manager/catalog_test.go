package manager_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// targetOf is a location that the fake catalog reads two components from.
func targetOf(names string) string {
	return "https://example.com/component/" + names + "/catalog-info.yaml"
}

func register(t *testing.T, c *orbit.Client, workspace, target string) *orbit.CatalogLocation {
	t.Helper()
	l, err := c.CreateCatalogLocation(t.Context(), workspace, orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: target, WaitSeconds: 30})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestALocationLivesFromItsRegistrationToItsRemoval(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "located", title("Located"))
	pid := instance(t, c, "located").Status.PID
	created := register(t, c, "located", targetOf("payments+orders"))
	want := &orbit.CatalogLocation{
		ID: created.ID, Target: targetOf("payments+orders"), Entities: []string{"component:default/orders", "component:default/payments"},
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}
	first := register(t, c, "located", targetOf("alpha"))
	got, err := c.GetCatalogLocation(t.Context(), "located", created.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("read: %v (-want +got):\n%s", err, diff)
	}
	all, err := c.ListCatalogLocations(t.Context(), "located")
	if diff := cmp.Diff([]orbit.CatalogLocation{*first, *want}, all); err != nil || diff != "" {
		t.Errorf("listed: %v (-want +got):\n%s", err, diff)
	}
	_, err = c.CreateCatalogLocation(t.Context(), "located", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: want.Target})
	problem := refused(t, err, orbit.CodeAlreadyExists)
	if command := "terraform import orbit_backstage_catalog_location.<name> located/" + want.Target; !strings.Contains(problem.Detail, command) {
		t.Errorf("it says %q, without %q", problem.Detail, command)
	}

	// The catalog is the workspace's, not the process's.
	settle(t, c, restart(t, c, "located"))
	if now := instance(t, c, "located").Status.PID; now == pid {
		t.Error("the process is the same after a restart")
	}
	if got, err := c.GetCatalogLocation(t.Context(), "located", created.ID); err != nil || len(got.Entities) != 2 {
		t.Errorf("after a restart it is %+v, %v", got, err)
	}
	if err := c.DeleteCatalogLocation(t.Context(), "located", created.ID); err != nil {
		t.Fatal(err)
	}
	refused(t, c.DeleteCatalogLocation(t.Context(), "located", created.ID), orbit.CodeNotFound)
	_, err = c.GetCatalogLocation(t.Context(), "located", created.ID)
	refused(t, err, orbit.CodeNotFound)
	for _, id := range []string{"x", uuid.NewString(), strings.ToUpper(created.ID), "%00", "a b", "ü"} {
		_, err := c.GetCatalogLocation(t.Context(), "located", id)
		refused(t, err, orbit.CodeNotFound)
	}
	page, err := c.ListCatalogEntities(t.Context(), "located", orbit.EntityQuery{Filters: []string{"kind=component"}})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d components are left, %v, want the other location's", len(page.Items), err)
	}
	remove(t, c, "located")
	_, err = c.ListCatalogLocations(t.Context(), "located")
	refused(t, err, orbit.CodeNotFound)
	declare(t, c, "located", title("Again"))
	if all, err := c.ListCatalogLocations(t.Context(), "located"); err != nil || len(all) != 0 {
		t.Errorf("the next instance of that name has %v, %v", all, err)
	}
	if subject := s.Runtime.Processes("located")[0].Subject("Bearer x"); subject != "" {
		t.Errorf("anybody is %q", subject)
	}
}

func TestALocationTellsWhatTheCatalogSaysAgainstIt(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "problematic", title("Problematic"))
	missing := register(t, c, "problematic", targetOf("missing"))
	if len(missing.Problems) != 1 || !strings.Contains(missing.Problems[0], "Unable to read url") || len(missing.Entities) != 0 {
		t.Errorf("a target that cannot be read gives %+v", missing)
	}
	read, err := c.GetCatalogLocation(t.Context(), "problematic", missing.ID)
	if diff := cmp.Diff(missing, read); err != nil || diff != "" {
		t.Errorf("read: %v (-created +got):\n%s", err, diff)
	}
	troubled := register(t, c, "problematic", targetOf("troubled+fine"))
	if len(troubled.Entities) != 2 || len(troubled.Problems) != 1 || !strings.Contains(troubled.Problems[0], "component:default/troubled: InputError") {
		t.Errorf("an entity with an error gives %+v", troubled)
	}
	at := orbit.CatalogLocationWrite{Target: targetOf("refused")}
	_, err = c.CreateCatalogLocation(t.Context(), "problematic", orbit.NewIdempotencyKey(), at)
	if problem := refused(t, err, orbit.CodeCatalogRefused); !strings.Contains(problem.Detail, "NotAllowedError: nothing may be registered") {
		t.Errorf("it says %q, without the catalog's words", problem.Detail)
	}
}

func TestTargetsThatNoCatalogCouldRead(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "targeted", title("Targeted"))
	for _, target := range []string{
		"", "x", "catalog-info.yaml", "file:///etc/passwd", "file:catalog.yaml", "ftp://example.com/x", "https://", "//example.com/x",
		"https://exa mple.com/x", "https://example.com/a b", "https://example.com/x\n", "https://user:password@example.com/x",
		"https://example.com/" + strings.Repeat("x", 2000), "javascript:alert(1)", "https://example.com/%zz",
	} {
		_, err := c.CreateCatalogLocation(t.Context(), "targeted", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: target})
		if problem := refused(t, err, orbit.CodeInvalidRequest); strings.Contains(problem.Error(), "password") {
			t.Errorf("%q: it says %q", target, problem.Error())
		}
	}
	for _, target := range []string{
		"https://example.com/component/ünïcode/catalog-info.yaml", "http://127.0.0.1:1/component/x/y", "https://example.com/component/comma,a=b/x",
		"https://example.com/component/long/" + strings.Repeat("x", 400), "https://example.com/component/q/?a=b&c=d#e",
	} {
		if l := register(t, c, "targeted", target); l.Target != target || len(l.Entities) != 1 {
			t.Errorf("%s is %+v", target, l)
		}
	}
}

// post registers a location with an Idempotency-Key and returns status and location or problem.
func post(t *testing.T, s *managertest.Server, workspace, key, target string) (status int, l orbit.CatalogLocation, p orbit.Problem) {
	t.Helper()
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"target":%q}`, target)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.Manager.APIURL()+"/v1/instances/"+workspace+"/catalog/locations", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	status, answer := fetch(t, r)
	_ = json.Unmarshal([]byte(answer), &l)
	_ = json.Unmarshal([]byte(answer), &p)
	return status, l, p
}

func TestARetriedRegistrationGetsItsOwnLocation(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "registered", title("Registered"))
	key := uuid.NewString()
	status, first, _ := post(t, s, "registered", key, targetOf("a"))
	again, second, _ := post(t, s, "registered", key, targetOf("a"))
	if status != http.StatusCreated || again != http.StatusCreated || first.ID == "" || second.ID != first.ID {
		t.Errorf("the first answers %d with %q, its retry %d with %q", status, first.ID, again, second.ID)
	}
	if status, _, p := post(t, s, "registered", key, targetOf("b")); p.Code != orbit.CodeKeyReused {
		t.Errorf("another target with the key answers %d %s", status, p.Code)
	}
	// Somebody else's stays somebody else's, however often it is tried.
	other := uuid.NewString()
	for range 3 {
		if status, _, p := post(t, s, "registered", other, targetOf("a")); status != http.StatusConflict || p.Code != orbit.CodeAlreadyExists {
			t.Errorf("somebody else's answers %d %s", status, p.Code)
		}
	}
}

func TestACatalogThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "absent"})
	change := put(t, c, "absent", title("Absent"))
	reached()
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Manager.APIURL()+"/v1/instances/absent/catalog/locations", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var problem orbit.Problem
	if err := json.NewDecoder(answer.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusServiceUnavailable || problem.Code != orbit.CodeCatalogUnavailable ||
		answer.Header.Get("Retry-After") == "" || problem.RequestID == "" {
		t.Errorf("it answers %d %+v with Retry-After %q", answer.StatusCode, problem, answer.Header.Get("Retry-After"))
	}
	release()
	applied(t, settle(t, c, change), orbit.ImpactNone)
	register(t, c, "absent", targetOf("a"))
	// The client asks again while a process that ended is replaced.
	s.Runtime.Kill("absent")
	within(t, "the catalog to come back", func() bool {
		all, err := c.ListCatalogLocations(t.Context(), "absent")
		return err == nil && len(all) == 1
	})
}

func TestARestartFailsNoRequestToTheCatalog(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "replaced", title("Before"))
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "replaced"})
	change := put(t, c, "replaced", title("After"))
	reached()
	register(t, c, "replaced", targetOf("a"))
	release()
	for settled := false; !settled; {
		now, err := c.GetChange(t.Context(), change.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		settled = now.State != orbit.ChangePending
		if all, err := c.ListCatalogLocations(t.Context(), "replaced"); err != nil || len(all) != 1 {
			t.Fatalf("while its process is replaced: %v, %v", all, err)
		}
	}
}

func TestEntitiesAreListedInPages(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "listed", title("Listed"))
	names := make([]string, 250)
	for i := range names {
		names[i] = fmt.Sprintf("c%03d", i)
	}
	register(t, c, "listed", targetOf(strings.Join(names[:90], "+")))
	register(t, c, "listed", targetOf(strings.Join(names[90:180], "+")))
	register(t, c, "listed", targetOf(strings.Join(names[180:], "+")))
	query := orbit.EntityQuery{Filters: []string{"kind=component"}}
	var found []string
	for pages := 1; ; pages++ {
		page, err := c.ListCatalogEntities(t.Context(), "listed", query)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			var e struct{ Metadata struct{ Name string } }
			if err := json.Unmarshal(item, &e); err != nil {
				t.Fatal(err)
			}
			found = append(found, e.Metadata.Name)
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
	}
	if !slices.Equal(found, names) {
		t.Errorf("%d entities, want %d", len(found), len(names))
	}
	page, err := c.ListCatalogEntities(t.Context(), "listed", orbit.EntityQuery{Filters: []string{"metadata.name=c001", "metadata.name=c002,kind=Component"}})
	if err != nil || len(page.Items) != 2 {
		t.Errorf("two filters give %d, %v", len(page.Items), err)
	}
	for what, query := range map[string]orbit.EntityQuery{
		"a filter that is none": {Filters: []string{"="}}, "a cursor that is none": {PageOptions: orbit.PageOptions{Cursor: "x"}},
	} {
		_, err := c.ListCatalogEntities(t.Context(), "listed", query)
		if problem := refused(t, err, orbit.CodeCatalogRefused); !strings.Contains(problem.Detail, "InputError") {
			t.Errorf("%s: it says %q", what, problem.Detail)
		}
	}
	_, err = c.ListCatalogEntities(t.Context(), "listed", orbit.EntityQuery{PageOptions: orbit.PageOptions{Limit: 501}})
	refused(t, err, orbit.CodeInvalidRequest)
}

func TestAnEntityIsRefreshed(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "refreshed", title("Refreshed"))
	register(t, c, "refreshed", targetOf("payments"))
	refresh := func(ref string) error {
		return c.RefreshCatalog(t.Context(), "refreshed", orbit.CatalogRefresh{EntityRef: ref})
	}
	if err := refresh("Component:default/Payments"); err != nil {
		t.Fatal(err)
	}
	if got := s.Runtime.Refreshed("refreshed"); !slices.Equal(got, []string{"component:default/payments"}) {
		t.Errorf("the catalog was told to read %v", got)
	}
	refused(t, refresh("component:default/nobody"), orbit.CodeNotFound)
	for _, ref := range []string{"", "payments", "component:payments", "component:default/", ":/", "a:b/c/d", "a:b/c d"} {
		refused(t, refresh(ref), orbit.CodeInvalidRequest)
	}
}
