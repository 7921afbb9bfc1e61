package manager_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestWritesThatMeetAFirstBootThatFailsAreSuperseded(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, c *orbit.Client, workspace string) *orbit.Change{
		"update": func(t *testing.T, c *orbit.Client, workspace string) *orbit.Change {
			t.Helper()
			return put(t, c, workspace, title("Good"))
		},
		"plugin": func(t *testing.T, c *orbit.Client, workspace string) *orbit.Change {
			t.Helper()
			return putPlugin(t, c, workspace, "@acme/plugin-late-backend", "1.0.0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := server(t)
			workspace := "met-by-" + name
			reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: workspace})
			creation := put(t, c, workspace, title(brokenTitle))
			reached()
			late := write(t, c, workspace)
			release()
			if creation = settle(t, c, creation); creation.State != orbit.ChangeFailed || creation.Problem.Code != orbit.CodeBootFailed {
				t.Errorf("the creation is %s (%v), want failed to boot", creation.State, creation.Problem)
			}
			if late = settle(t, c, late); late.State != orbit.ChangeFailed || late.Problem.Code != orbit.CodeSuperseded {
				t.Errorf("the write that met it is %s (%v), want failed as superseded", late.State, late.Problem)
			}
			if _, err := c.GetInstance(t.Context(), workspace); !orbit.IsNotFound(err) {
				t.Errorf("reading the instance gives %v, want not found", err)
			}
		})
	}
}

func TestADeletionThatMeetsTheCleanupOfAFailedFirstBootIsApplied(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	reached, release := hold(t, s, fake.Fault{Op: fake.OpDestroy, Workspace: "abandoned"})
	creation := put(t, c, "abandoned", title(brokenTitle))
	reached()
	deletion, err := c.DeleteInstance(t.Context(), "abandoned", orbit.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	release()
	applied(t, settle(t, c, deletion), orbit.ImpactNone)
	if creation = settle(t, c, creation); creation.State != orbit.ChangeFailed {
		t.Errorf("the creation is %s, want failed", creation.State)
	}
}

func TestASecondLifeBeginsAsTheFirst(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "reborn", title("First"))
	remove(t, c, "reborn")
	reached, release := hold(t, s, fake.Fault{Op: fake.OpActivate, Workspace: "reborn"})
	creation := put(t, c, "reborn", title("Second"))
	reached()
	if phase := instance(t, c, "reborn").Status.Phase; phase != orbit.PhaseProvisioning {
		t.Errorf("while it boots for the first time the instance is %s, want Provisioning", phase)
	}
	release()
	applied(t, settle(t, c, creation), orbit.ImpactNone)
	remove(t, c, "reborn")
}
