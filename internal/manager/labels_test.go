package manager_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func labelled(labels map[string]string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.Labels = labels }
}

// selected are the workspaces of all pages of a query, of at most one item each.
func selected(t *testing.T, c *orbit.Client, query orbit.InstanceQuery) []string {
	t.Helper()
	var workspaces []string
	for query.Limit = 1; ; {
		page, err := c.ListInstances(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > query.Limit {
			t.Fatalf("a page of at most %d has %d items", query.Limit, len(page.Items))
		}
		for _, item := range page.Items {
			workspaces = append(workspaces, item.Workspace)
		}
		if page.Next == "" {
			return workspaces
		}
		query.Cursor = page.Next
	}
}

func TestInstancesAreFoundByTheirLabelsAndPhase(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "labels-a", "", labelled(map[string]string{"test": "labels", "example.com/team": "payments"}))
	declare(t, c, "labels-b", "", labelled(map[string]string{"test": "labels", "example.com/team": "search"}))
	declare(t, c, "labels-c", "", labelled(map[string]string{"test": "labels", "empty": ""}))
	for _, q := range []struct {
		labels map[string]string
		phase  orbit.Phase
		want   []string
	}{
		{map[string]string{"test": "labels"}, "", []string{"labels-a", "labels-b", "labels-c"}},
		{map[string]string{"test": "labels"}, orbit.PhaseReady, []string{"labels-a", "labels-b", "labels-c"}},
		{map[string]string{"test": "labels"}, orbit.PhaseFailed, nil},
		{map[string]string{"test": "labels", "example.com/team": "search"}, orbit.PhaseReady, []string{"labels-b"}},
		{map[string]string{"test": "labels", "empty": ""}, "", []string{"labels-c"}},
		{map[string]string{"test": "Labels"}, "", nil},
	} {
		if diff := cmp.Diff(q.want, selected(t, c, orbit.InstanceQuery{Labels: q.labels, Phase: q.phase})); diff != "" {
			t.Errorf("%v %s (-want +got):\n%s", q.labels, q.phase, diff)
		}
	}
	applied(t, declare(t, c, "labels-c", "", labelled(map[string]string{"test": "other"})), orbit.ImpactNone)
	if got := instance(t, c, "labels-c"); !cmp.Equal(got.Labels, map[string]string{"test": "other"}) || got.Status.StartedAt == nil {
		t.Errorf("labels = %v", got.Labels)
	}
	if got := selected(t, c, orbit.InstanceQuery{Labels: map[string]string{"test": "labels"}}); len(got) != 2 {
		t.Errorf("after one lost the label: %v", got)
	}
}

func TestLabelsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	write := small("")
	write.Labels = map[string]string{"-team": "x"}
	_, err := c.PutInstance(t.Context(), "labels-bad", orbit.IfAbsent(), write)
	problem := refused(t, err, orbit.CodeInvalidRequest)
	if len(problem.Diagnostics) != 1 || problem.Diagnostics[0].Path != appconfig.Keys("labels", "-team").String() {
		t.Errorf("findings = %+v, want one about the label", problem.Diagnostics)
	}
	_, err = c.ListInstances(t.Context(), orbit.InstanceQuery{Labels: map[string]string{"-team": "x"}})
	refused(t, err, orbit.CodeInvalidRequest)
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	for query, says := range map[string]string{
		"label=team": "a name and a value", "label=a=1&label=a=2": "both the value", "phase=Sleeping": "phase",
	} {
		if status, body := call(t, s, "GET", "/v1/instances?"+query, token); status != 422 || !strings.Contains(body, says) {
			t.Errorf("%s answers %d %s, want 422 that says %q", query, status, body, says)
		}
	}
}

func TestAnInstanceIsReadWithItsPluginsInOneGo(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const workspace, own, other = "together", "@acme/plugin-own-backend", "@acme/plugin-other-backend"
	s.Registry.Publish(own, "1.0.0")
	s.Registry.Publish(other, "1.0.0")
	declare(t, c, workspace, "", ranged(own, "1.0.0"))
	change, err := c.PutPlugin(t.Context(), workspace, other, orbit.IfAbsent(), orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "1.0.0"}, Secrets: map[string]string{"TOKEN": "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitChange(t.Context(), change.ID, nil); err != nil {
		t.Fatal(err)
	}
	together, err := c.GetInstanceWithPlugins(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	var apart []orbit.Plugin
	for _, name := range []string{other, own} {
		plugin, err := c.GetPlugin(t.Context(), workspace, name)
		if err != nil {
			t.Fatal(err)
		}
		apart = append(apart, *plugin)
	}
	if diff := cmp.Diff(apart, together.AllPlugins); diff != "" {
		t.Errorf("all_plugins (-alone +together):\n%s", diff)
	}
	if alone := instance(t, c, workspace); alone.AllPlugins != nil {
		t.Error("all_plugins are there although nobody asked for them")
	}
}

// What is read belongs together also while somebody writes: an ETag is that of the document beside it.
func TestAnETagIsNeverBesideAnotherDocument(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	const workspace = "torn"
	declare(t, c, workspace, "", labelled(map[string]string{"n": "0"}))
	done := make(chan struct{})
	var readers sync.WaitGroup
	var mu sync.Mutex
	documents := map[string][]string{}
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				read, err := c.GetInstance(t.Context(), workspace)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if n := read.Labels["n"]; !slices.Contains(documents[read.ETag], n) {
					documents[read.ETag] = append(documents[read.ETag], n)
				}
				mu.Unlock()
			}
		})
	}
	for n := range 20 {
		applied(t, declare(t, c, workspace, "", labelled(map[string]string{"n": fmt.Sprint(n + 1)})), orbit.ImpactNone)
	}
	close(done)
	readers.Wait()
	for etag, found := range documents {
		if len(found) != 1 {
			t.Errorf("ETag %s was beside the documents %v", etag, found)
		}
	}
}
