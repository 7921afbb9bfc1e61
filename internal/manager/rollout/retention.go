package rollout

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// CloneRetention is how long the database from before an upgrade is kept.
	CloneRetention = 24 * time.Hour
	// SchemaRetention is how long the schema of a removed plugin is kept.
	SchemaRetention = 7 * 24 * time.Hour
)

// DropExpired drops the clones that were kept for CloneRetention, and makes the actors of those instances look that have
// schemas which were kept for SchemaRetention: only an actor knows which of them a process may use again.
func (s *Supervisor) DropExpired(ctx context.Context, now time.Time) error {
	workspaces, err := s.Store.WorkspacesToClean(ctx, now.Add(-SchemaRetention))
	for _, workspace := range workspaces {
		s.Wake(workspace)
	}
	return errors.Join(err, s.dropOldClones(ctx, now))
}

// dropOldClones drops the clones that are older than CloneRetention.
func (s *Supervisor) dropOldClones(ctx context.Context, now time.Time) error {
	clones, err := s.Databases.Clones(ctx, "")
	if err != nil {
		return err
	}
	inUse, err := s.Store.ClonesInUse(ctx)
	if err != nil {
		return err
	}
	for _, clone := range clones {
		if now.Sub(clone.MadeAt) < CloneRetention || slices.Contains(inUse, clone.Name) {
			continue
		}
		if err := s.Databases.DropClone(ctx, clone.Name); err != nil {
			return err
		}
		s.Logger.InfoContext(ctx, "old clone dropped", "workspace", clone.Workspace, "clone", clone.Name)
	}
	return nil
}
