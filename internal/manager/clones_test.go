package manager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// age makes the workspace's one clone one that was made the given time ago, and returns its name.
func age(t *testing.T, s *managertest.Server, c *orbit.Client, workspace string, by time.Duration) string {
	t.Helper()
	clone := retained(t, c, workspace).Clones[0].Name
	name, _, _ := strings.Cut(clone, "@")
	aged := name + "@" + time.Now().Add(-by).UTC().Format("060102150405")
	execute(t, s, "ALTER DATABASE "+pgx.Identifier{clone}.Sanitize()+" RENAME TO "+pgx.Identifier{aged}.Sanitize())
	return aged
}

func TestAnUpgradesCloneIsListedWithItsReason(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	withPluginOne(t, c, "listed")
	applied(t, settle(t, c, upgrade(t, c, "listed", "")), orbit.ImpactUpgrade)
	clones := retained(t, c, "listed").Clones
	if len(clones) != 1 {
		t.Fatalf("the clones are %+v, want one", clones)
	}
	clone := clones[0]
	if !strings.HasPrefix(clone.Name, "backstage_listed@") || !strings.Contains(clone.Why, upgraded) || clone.SizeBytes < 1<<20 {
		t.Errorf("the clone is %+v, want its name, the plugin that was upgraded, and some megabytes", clone)
	}
	if lasts := clone.ExpiresAt.Sub(clone.MadeAt); lasts != 24*time.Hour {
		t.Errorf("it is kept for %v, want 24 hours", lasts)
	}
	remove(t, c, "listed")
	if _, err := c.GetRetained(t.Context(), "listed"); !orbit.IsNotFound(err) {
		t.Errorf("of an instance that is gone the answer is %v, want not found", err)
	}
}

func TestOldClonesAreDroppedUnlessTheyAreNeeded(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	for _, workspace := range []string{"a-needed", "b-young", "c-old"} { // in the order in which they are looked at
		withPluginOne(t, c, workspace)
		applied(t, settle(t, c, upgrade(t, c, workspace, "")), orbit.ImpactUpgrade)
	}
	needed := age(t, s, c, "a-needed", 25*time.Hour)
	execute(t, s, "UPDATE instances SET restore_from = $1 WHERE workspace = 'a-needed'", needed)
	age(t, s, c, "b-young", 23*time.Hour)
	age(t, s, c, "c-old", 25*time.Hour)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "the old clone to be dropped", func() bool { return len(retained(t, c, "c-old").Clones) == 0 })
	for _, workspace := range []string{"a-needed", "b-young"} {
		if clones := retained(t, c, workspace).Clones; len(clones) != 1 {
			t.Errorf("the clones of %s are %+v, want the one to be kept", workspace, clones)
		}
	}
}
