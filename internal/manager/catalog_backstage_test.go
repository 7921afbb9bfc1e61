package manager_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// entityFile is what a location of the tests below yields.
const entityFile = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, title: Zahlungen ✓}
spec: {type: service, lifecycle: production, owner: team}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: library, lifecycle: production, owner: team}
`

// entitySource serves catalog files; paths with missing in them are not there.
func entitySource(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "missing") {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, entityFile)
	}))
	t.Cleanup(s.Close)
	return s
}

// readingFrom is an app-config that may read from the server, with a token of the user's own.
func readingFrom(s *httptest.Server) string {
	return fmt.Sprintf(`
auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}
backend:
  reading: {allow: [{host: '%s'}]}
  auth: {externalAccess: [{type: static, options: {token: static-token-of-the-user, subject: mine}}]}
`, strings.TrimPrefix(s.URL, "http://"))
}

// A location is registered in a running Backstage, gives its entities, and takes them with it; the process stays.
func TestARealCatalogTakesLocationsLive(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start(t, nil)
	files := entitySource(t)
	c := p.client(t)
	p.declare(t, c, "acme", readingFrom(files))
	pid := instance(t, c, "acme").Status.PID

	begin := time.Now()
	target := files.URL + "/catalog-info.yaml?x=a,b"
	created, err := c.CreateCatalogLocation(t.Context(), "acme", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: target, WaitSeconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: a location registered until its entities are there: %s", time.Since(begin).Round(time.Millisecond))
	want := []string{"component:default/orders", "component:default/payments"}
	if !slices.Equal(created.Entities, want) || len(created.Problems) > 0 {
		t.Errorf("the location has %v and problems %v, want %v and none", created.Entities, created.Problems, want)
	}
	_, err = c.CreateCatalogLocation(t.Context(), "acme", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: target})
	if problem := refused(t, err, orbit.CodeAlreadyExists); !strings.Contains(problem.Detail, "acme/"+target) {
		t.Errorf("it says %q, without how to import it", problem.Detail)
	}
	missing, err := c.CreateCatalogLocation(t.Context(), "acme", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: files.URL + "/missing.yaml", WaitSeconds: 60})
	if err != nil || len(missing.Problems) != 1 || !strings.Contains(missing.Problems[0], "Unable to read url") || len(missing.Entities) > 0 {
		t.Errorf("a target that is not there gives %+v, %v, want why", missing, err)
	}
	again, err := c.GetCatalogLocation(t.Context(), "acme", missing.ID)
	if err != nil || !slices.Equal(again.Problems, missing.Problems) {
		t.Errorf("later it is %+v, %v", again, err)
	}
	long := files.URL + "/" + strings.Repeat("long/", 60) + "catalog-info.yaml"
	tooLong, err := c.CreateCatalogLocation(t.Context(), "acme", orbit.NewIdempotencyKey(), orbit.CatalogLocationWrite{Target: long, WaitSeconds: 5})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.ListCatalogLocations(t.Context(), "acme")
	if err != nil || len(all) != 3 || all[0].Target != target || !slices.Equal(all[0].Entities, want) {
		t.Errorf("the locations are %+v, %v", all, err)
	}

	query := orbit.EntityQuery{Filters: []string{"kind=component,spec.type=service"}, Fields: []string{"metadata.name", "metadata.title"}}
	page, err := c.ListCatalogEntities(t.Context(), "acme", query)
	if err != nil || len(page.Items) != 1 || string(page.Items[0]) != `{"metadata":{"name":"payments","title":"Zahlungen ✓"}}` {
		t.Errorf("the services are %s, %v", page.Items, err)
	}
	query = orbit.EntityQuery{Filters: []string{"kind=component"}, PageOptions: orbit.PageOptions{Limit: 1}}
	first, err := c.ListCatalogEntities(t.Context(), "acme", query)
	if err != nil || len(first.Items) != 1 || first.Next == "" {
		t.Fatalf("the first page is %+v, %v", first, err)
	}
	query.Cursor = first.Next
	second, err := c.ListCatalogEntities(t.Context(), "acme", query)
	if err != nil || len(second.Items) != 1 || string(second.Items[0]) == string(first.Items[0]) {
		t.Errorf("the second page is %+v, %v", second, err)
	}
	_, err = c.ListCatalogEntities(t.Context(), "acme", orbit.EntityQuery{Filters: []string{"=x"}})
	if problem := refused(t, err, orbit.CodeCatalogRefused); !strings.Contains(problem.Detail, "Invalid filter") {
		t.Errorf("of a filter that is none it says %q", problem.Detail)
	}
	_, err = c.ListCatalogEntities(t.Context(), "acme", orbit.EntityQuery{PageOptions: orbit.PageOptions{Cursor: "ünknown"}})
	refused(t, err, orbit.CodeCatalogRefused)
	if err := c.RefreshCatalog(t.Context(), "acme", orbit.CatalogRefresh{EntityRef: "Component:default/payments"}); err != nil {
		t.Error(err)
	}
	err = c.RefreshCatalog(t.Context(), "acme", orbit.CatalogRefresh{EntityRef: "component:default/nobody"})
	refused(t, err, orbit.CodeNotFound)

	for _, l := range []*orbit.CatalogLocation{created, missing, tooLong} {
		if err := c.DeleteCatalogLocation(t.Context(), "acme", l.ID); err != nil {
			t.Error(err)
		}
	}
	refused(t, c.DeleteCatalogLocation(t.Context(), "acme", created.ID), orbit.CodeNotFound)
	await(t, "the entities to go with their location", func() bool {
		left, err := c.ListCatalogEntities(t.Context(), "acme", orbit.EntityQuery{Filters: []string{"kind=component"}})
		return err == nil && len(left.Items) == 0
	})
	if now := instance(t, c, "acme").Status.PID; now != pid {
		t.Errorf("pid %d serves, want %d as before", now, pid)
	}
	p.opensWithTokens(t, c)
}

// opensWithTokens asks acme's Backstage with each kind of token.
func (p *program) opensWithTokens(t *testing.T, c *orbit.Client) {
	t.Helper()
	const path = "/api/catalog/entities/by-query"
	status := func(token string) int {
		status, _ := p.send(t, http.MethodGet, path, token, "")
		return status
	}
	token, err := c.CreateAccessToken(t.Context(), "acme", orbit.AccessTokenWrite{})
	if err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		token string
		want  int
	}{
		"an access token": {token.Secret, 200}, "the guest's": {p.guest(t), 200}, "the user's static one": {"static-token-of-the-user", 200},
		"none": {"", 401}, "a wrong one": {"wrong-token", 401}, "a wrong access token": {token.Secret + "x", 401},
	} {
		if got := status(test.token); got != test.want {
			t.Errorf("%s: Backstage answers %d, want %d", what, got, test.want)
		}
	}
	if _, err := p.run("restart"); err != nil {
		t.Fatal(err)
	}
	if got := status(token.Secret); got != http.StatusOK {
		t.Errorf("after a restart of orbitd the access token gives %d", got)
	}
	if err := c.RevokeAccessToken(t.Context(), "acme", token.ID); err != nil {
		t.Fatal(err)
	}
	if got := status(token.Secret); got != http.StatusUnauthorized {
		t.Errorf("a revoked access token gives %d, want 401", got)
	}
}
