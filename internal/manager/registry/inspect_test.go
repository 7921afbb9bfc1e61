package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

const inspected = `echo "$*" >>"$home/calls"; echo '{"name":"b","version":"1.0.0","backstage":{"role":"backend-plugin"}}'`

func TestAnExactVersionIsAskedForOnce(t *testing.T) {
	t.Parallel()
	fake, cache := npmtest.NewFake(t, inspected), t.TempDir()
	want := npm.Manifest{Name: "b", Version: "1.0.0", Backstage: npm.Backstage{Role: npm.RoleBackendPlugin}}
	for range 2 {
		asked := openIn(t, cache, npm.Client{Path: fake.Path()}) // the second one finds the file
		for range 2 {
			got, err := asked.Inspect(t.Context(), "b", "1.0.0")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Inspect (-want +got):\n%s", diff)
			}
		}
	}
	if calls := fake.Calls(); len(calls) != 1 {
		t.Errorf("npm was called %d times, want once", len(calls))
	}
}

func TestADeprecationShowsAfterADay(t *testing.T) {
	t.Parallel()
	fake, now := npmtest.NewFake(t, inspected), &clock{time.Now()}
	asked := open(t, npm.Client{Path: fake.Path()})
	asked.SetClock(now.now)
	deprecated := func() string {
		t.Helper()
		m, err := asked.Inspect(t.Context(), "b", "1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		return m.Deprecated
	}
	deprecated()
	fake.Runs(`echo '{"name":"b","version":"1.0.0","deprecated":"do not"}'`)
	now.at = now.at.Add(23 * time.Hour)
	if said := deprecated(); said != "" {
		t.Errorf("on the same day it is deprecated, %q: the registry was asked again", said)
	}
	now.at = now.at.Add(2 * time.Hour)
	if said := deprecated(); said != "do not" {
		t.Errorf("after a day it is deprecated with %q", said)
	}
	fake.Runs(`exit 1`)
	now.at = now.at.Add(48 * time.Hour)
	if said := deprecated(); said != "do not" {
		t.Errorf("without an answer it is deprecated with %q, want what was known", said)
	}
}

func TestAMissingVersionIsAskedForAgainSoon(t *testing.T) {
	t.Parallel()
	fake, now := npmtest.NewFake(t, `echo '{"error":{"code":"E404","summary":"Not Found"}}'; exit 1`), &clock{time.Now()}
	asked := open(t, npm.Client{Path: fake.Path()})
	asked.SetClock(now.now)
	if _, err := asked.Inspect(t.Context(), "late", "1.0.0"); err == nil {
		t.Fatal("Inspect found a package that is not there")
	}
	fake.Runs(inspected)
	if _, err := asked.Inspect(t.Context(), "late", "1.0.0"); err == nil {
		t.Error("the same question is asked twice within seconds")
	}
	now.at = now.at.Add(time.Minute)
	if _, err := asked.Inspect(t.Context(), "late", "1.0.0"); err != nil {
		t.Errorf("once it is published: %v", err)
	}
}
