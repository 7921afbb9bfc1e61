package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
)

// planBound is how long a plan waits at most for a registry that does not answer.
const planBound = 15 * time.Second

func TestARegistryThatDoesNotAnswerIsAWarning(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for name, fault := range map[string]func(*npmtest.Registry) npmtest.Fault{
		"down":    func(*npmtest.Registry) npmtest.Fault { return npmtest.Down() },
		"broken":  func(*npmtest.Registry) npmtest.Fault { return npmtest.Status(502) },
		"garbage": func(*npmtest.Registry) npmtest.Fault { return npmtest.Garbage("<html>log in</html>") },
		"strange": func(*npmtest.Registry) npmtest.Fault { return npmtest.Garbage(`{"versions":{"1.0.0":[]}}`) },
		"slow":    func(r *npmtest.Registry) npmtest.Fault { return r.Slow(never) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := npmtest.NewRegistry(t, backend("known-backend@1.0.0", "k"))
			cache := t.TempDir()
			if _, err := openIn(t, cache, served.Client()).Inspect(t.Context(), "known-backend", "1.0.0"); err != nil {
				t.Fatal(err)
			}
			checked := openIn(t, cache, served.Client(), func(o *registry.Options) {
				if name == "slow" {
					o.Patience = registry.DefaultPatience
				}
			})
			served.Break(fault(served))
			start := time.Now()
			all := plugins("known-backend@1.0.0", "a-backend@1.0.0", "b-backend@1.0.0", "c-backend@1.0.0")
			found := checked.CheckAlone(t.Context(), release, all)
			found = append(found, checked.CheckSet(t.Context(), release, all, nil)...)
			if took := time.Since(start); name == "slow" && took > planBound {
				t.Errorf("the checks took %s, want at most %s", took, planBound)
			}
			want := []string{"unchecked warning a-backend", "unchecked warning b-backend", "unchecked warning c-backend"}
			if diff := cmp.Diff(want, codes(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, d := range found {
				if strings.Contains(d.Message, "npm_config") || len(d.Message) > 2000 {
					t.Errorf("it says too much: %s", d.Message)
				}
			}
		})
	}
}

func TestAPackageThatCannotBeFetchedToLookIntoItIsUnchecked(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, exporting("x-backend@1.0.0", newStyle))
	served.Break(npmtest.Only("/-/", npmtest.Status(503)))
	checked := open(t, served.Client())
	found := checked.CheckAlone(t.Context(), release, plugins("x-backend@1.0.0"))
	if diff := cmp.Diff([]string{"unchecked warning x-backend"}, codes(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	served.Break()
	if found := checked.CheckAlone(t.Context(), release, plugins("x-backend@1.0.0")); len(found) > 0 {
		t.Errorf("once it can be fetched, CheckAlone found %v", found)
	}
}

func TestARegistryThatFallsSilentHoldsUpNoPlan(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	served := npmtest.NewRegistry(t, backend("a-backend@1.0.0", "a"))
	release := lockedWith(served)
	cache, all := withRelease(t, release), plugins("a-backend@1.0.0")
	if _, err := openIn(t, cache, served.Client()).Inspect(t.Context(), "a-backend", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	served.Break(served.Slow(never))
	start := time.Now()
	found := openIn(t, cache, served.Client(), func(o *registry.Options) { o.Patience = time.Second }).
		CheckSet(t.Context(), release, all, all)
	if took := time.Since(start); took > planBound {
		t.Errorf("the checks took %s, want at most %s", took, planBound)
	}
	if diff := cmp.Diff([]string{"unchecked warning a-backend"}, codes(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAPackageTooLargeToLookIntoIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	served := npmtest.NewRegistry(t, exporting("x-backend@1.0.0", oldStyle))
	served.Break(npmtest.Only("/-/", served.Endless()))
	asked := open(t, served.Client())
	asked.SetMaxTarball(1 << 20)
	if found := asked.CheckAlone(t.Context(), release, plugins("x-backend@1.0.0")); len(found) > 0 {
		t.Errorf("of a package that nobody can look into CheckAlone says %v", found)
	}
}
