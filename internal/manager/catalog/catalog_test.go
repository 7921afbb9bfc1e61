package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/catalog"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// instances is a store in which every workspace has an instance, and no registration is kept.
type instances struct{}

func (instances) Instance(context.Context, string) (store.Instance, error) {
	return store.Instance{}, nil
}

func (instances) Registration(context.Context, string, string) (string, error) {
	return "", store.ErrNotFound
}
func (instances) Register(context.Context, string, string, string) (string, error) { return "", nil }
func (instances) Unregister(context.Context, string, string) error                 { return nil }

// catalogs are those behind a gateway that answers as the handler does. hunter2 is a secret.
func catalogs(t *testing.T, answers http.HandlerFunc) *catalog.Catalogs {
	t.Helper()
	return catalog.New(catalog.Options{
		Store: instances{}, Gateway: answers, Host: func(workspace string) string { return workspace + ".localhost" },
		Sign: func(workspace string) (string, error) { return "signed-for-" + workspace, nil },
		Masker: func(context.Context, string) (*secret.Masker, error) {
			return secret.NewMasker([]string{"hunter2"}), nil
		},
		Ending: t.Context(),
	})
}

func TestWhatACatalogAnswersBecomesAProblem(t *testing.T) {
	t.Parallel()
	failing := func(status int, name, message string) string {
		text, _ := json.Marshal(map[string]any{"error": map[string]string{"name": name, "message": message}})
		return fmt.Sprintf("%d %s", status, text)
	}
	for what, test := range map[string]struct {
		answer string
		code   orbit.Code
		says   string
	}{
		"garbage":               {"200 <html>", orbit.CodeCatalogUnavailable, "not what a catalog says"},
		"nothing":               {"200 ", orbit.CodeCatalogUnavailable, "not what a catalog says"},
		"JSON of something":     {`200 {"ok":true}`, orbit.CodeCatalogUnavailable, "not what a catalog says"},
		"a redirect":            {"302 ", orbit.CodeCatalogUnavailable, "answered 302"},
		"a fault":               {failing(500, "Error", "the password is hunter2"), orbit.CodeCatalogUnavailable, "the password is ***"},
		"a proxy's fault":       {"502 <html>", orbit.CodeCatalogUnavailable, "502 Bad Gateway"},
		"a token refused":       {failing(401, "AuthenticationError", "Illegal token"), orbit.CodeCatalogUnavailable, "restart the instance"},
		"bad input":             {failing(400, "InputError", "hunter2 is no filter"), orbit.CodeCatalogRefused, "InputError: *** is no filter"},
		"no permission":         {failing(403, "NotAllowedError", "readonly mode"), orbit.CodeCatalogRefused, "readonly mode"},
		"a header too large":    {"431 ", orbit.CodeCatalogRefused, "431 Request Header Fields Too Large"},
		"not found":             {failing(404, "NotFoundError", "no location"), orbit.CodeNotFound, "no location"},
		"no such route":         {"404 <html>", orbit.CodeCatalogUnavailable, "404 Not Found"},
		"words without an end":  {failing(400, "InputError", strings.Repeat("ü", 100_000)), orbit.CodeCatalogRefused, "ü…"},
		"words of broken bytes": {"400 {\"error\":{\"name\":\"InputError\",\"message\":\"\xff\xfe\"}}", orbit.CodeCatalogRefused, "InputError"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := catalogs(t, func(w http.ResponseWriter, _ *http.Request) {
				var status int
				code, body, _ := strings.Cut(test.answer, " ")
				_, _ = fmt.Sscan(code, &status)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
			_, err := c.Locations(t.Context(), "acme")
			var p *orbit.Problem
			if !errors.As(err, &p) || p.Code != test.code || !strings.Contains(p.Detail, test.says) || len(p.Detail) > 3000 {
				t.Errorf("it is %v, want %s that says %q", err, test.code, test.says)
			}
		})
	}
}

func TestTheGatewaysProblemsAreNotTheCatalogs(t *testing.T) {
	t.Parallel()
	c := catalogs(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "acme.localhost" || r.Header.Get("Authorization") != "Bearer signed-for-acme" {
			t.Errorf("asked %s with %q", r.Host, r.Header.Get("Authorization"))
		}
		orbit.WriteProblem(w, &orbit.Problem{Status: http.StatusNotFound, Code: orbit.CodeUnknownHost, Detail: "no such host."})
	})
	err := c.DeleteLocation(t.Context(), "acme", uuid.NewString())
	var p *orbit.Problem
	if !errors.As(err, &p) || p.Code != orbit.CodeCatalogUnavailable || !strings.Contains(p.Detail, "no such host.") {
		t.Errorf("it is %v", err)
	}
}

func TestAnswersAreReadUpToABound(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]bool{10 << 20: true, 64 << 20: false} {
		written := 0
		c := catalogs(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"items":[{"x":"`)
			piece := []byte(strings.Repeat("x", 1<<16))
			for written < size {
				n, err := w.Write(piece)
				if written += n; err != nil {
					panic(http.ErrAbortHandler) // as the proxy does
				}
			}
			_, _ = io.WriteString(w, `"}]}`)
		})
		page, err := c.Entities(t.Context(), "acme", orbit.EntityQuery{PageOptions: orbit.PageOptions{Limit: 1}})
		if read := err == nil && len(page.Items) == 1; read != want || written > 20<<20 {
			t.Errorf("%d MiB: %v after %d MiB, want it read: %v", size>>20, err, written>>20, want)
		}
	}
}

func TestAnAnswerThatDoesNotComeIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := catalogs(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		begin := time.Now()
		_, err := c.Locations(t.Context(), "acme")
		var p *orbit.Problem
		if !errors.As(err, &p) || p.Code != orbit.CodeCatalogUnavailable || time.Since(begin) > 40*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

// A catalog of 100,000 entities, of which none is the location's, or all are.
func TestManyEntitiesAreLookedAtUpToABound(t *testing.T) {
	t.Parallel()
	const target = "https://example.com/all.yaml"
	asked := 0
	c := catalogs(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/locations") {
			_, _ = fmt.Fprintf(w, `[{"data":{"id":"1","type":"url","target":%q}},{"data":{"id":"2","type":"file","target":"x"}}]`, target)
			return
		}
		asked++
		var ask struct{ Limit int }
		_ = json.NewDecoder(r.Body).Decode(&ask)
		items := make([]any, ask.Limit)
		for i := range items {
			items[i] = map[string]any{"kind": "Component", "metadata": map[string]any{
				"name":        fmt.Sprintf("c%d-%d", asked, i),
				"annotations": map[string]string{"backstage.io/managed-by-origin-location": "url:" + target},
			}}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "pageInfo": map[string]string{"nextCursor": "more"}})
	})
	all, err := c.Locations(t.Context(), "acme")
	if err != nil || len(all) != 1 || len(all[0].Entities) > 20_000 || !slices.ContainsFunc(all[0].Problems, func(p string) bool {
		return strings.Contains(p, "too many")
	}) {
		t.Errorf("%d locations, %v", len(all), err)
	}
	if asked > 40 {
		t.Errorf("asked %d times", asked)
	}
}

func TestWaitingForEntitiesEnds(t *testing.T) {
	t.Parallel()
	const created = `{"location":{"id":"1","type":"url","target":"https://example.com/x","entityRef":"location:default/generated-1"}}`
	answers := func(entities string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Query().Get("dryRun") != "":
				_, _ = io.WriteString(w, `{"entities":[]}`)
			case strings.HasSuffix(r.URL.Path, "/locations"):
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, created)
			case entities == "":
				orbit.WriteProblem(w, &orbit.Problem{Status: http.StatusServiceUnavailable})
			default:
				_, _ = io.WriteString(w, entities)
			}
		}
	}
	for what, test := range map[string]struct {
		entities string
		seconds  int
		most     time.Duration
	}{
		"at once when nobody waits":                {`{"items":[]}`, 0, 0},
		"when the time is over":                    {`{"items":[]}`, 20, 21 * time.Second},
		"when the time is over, without a word":    {"", 20, 21 * time.Second},
		"as soon as the entities stay as they are": {`{"items":[{"kind":"Component","metadata":{"name":"x","annotations":{"backstage.io/managed-by-origin-location":"url:https://example.com/x"}}}]}`, 300, time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				write := orbit.CatalogLocationWrite{Target: "https://example.com/x", WaitSeconds: test.seconds}
				l, err := catalogs(t, answers(test.entities)).CreateLocation(t.Context(), "acme", "", write)
				if took := time.Since(begin); err != nil || l.ID != "1" || took > test.most {
					t.Errorf("%+v, %v after %s, want it within %s", l, err, took, test.most)
				}
			})
		})
	}
}
