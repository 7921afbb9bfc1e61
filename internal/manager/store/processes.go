package store

import (
	"context"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// Role is what a process is there for.
type Role string

const (
	// RoleStarting is green: it is being prepared.
	RoleStarting Role = "starting"
	// RoleServing is blue: the gateway sends requests to it. There is at most one.
	RoleServing Role = "serving"
	// RoleStopping finishes what it has and ends.
	RoleStopping Role = "stopping"
)

// Process is the row of a process.
type Process struct {
	Workspace string
	ID        string
	Role      Role
	Handle    runtime.Handle
	// Given is what the process runs with: what changes are compared to.
	Given  Given
	Bundle string
	// DrainUntil is until when a process that stops may take for that; nil is no longer than any does.
	DrainUntil *time.Time
	CreatedAt  time.Time
}

// Processes returns the workspace's processes, oldest first.
func (q queries) Processes(ctx context.Context, workspace string) ([]Process, error) {
	return collect[Process](ctx, q.db, "processes of "+workspace,
		"SELECT workspace, id, role, handle, given, bundle, drain_until, created_at FROM processes WHERE workspace = $1 "+
			"ORDER BY created_at, id", workspace)
}

// PutProcess writes a process or replaces what is known of it. Making one serve turns the one that served before into
// one that stops, and ends the upgrade that it may come from.
func (s *Store) PutProcess(ctx context.Context, p Process) error {
	return s.Update(ctx, p.Workspace, func(tx *Tx) error {
		if p.Role == RoleServing {
			_, err := tx.db.Exec(ctx, "UPDATE processes SET role = 'stopping' WHERE workspace = $1 AND id <> $2 AND role = 'serving'",
				p.Workspace, p.ID)
			if err != nil {
				return fmt.Errorf("retire the serving process of %s: %w", p.Workspace, err)
			}
			_, err = tx.db.Exec(ctx, "UPDATE instances SET served = $2, restore_from = '' WHERE workspace = $1", p.Workspace, p.Given)
			if err != nil {
				return fmt.Errorf("note what serves for %s: %w", p.Workspace, err)
			}
		}
		_, err := tx.db.Exec(ctx, "INSERT INTO processes (workspace, id, role, handle, given, bundle, drain_until) "+
			"VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace, id) DO UPDATE SET role = excluded.role, "+
			"handle = excluded.handle, given = excluded.given, bundle = excluded.bundle, drain_until = excluded.drain_until",
			p.Workspace, p.ID, p.Role, p.Handle, p.Given, p.Bundle, p.DrainUntil)
		if err != nil {
			return fmt.Errorf("write process %s of %s: %w", p.ID, p.Workspace, err)
		}
		return nil
	})
}

// DeleteProcess forgets a process that has ended.
func (s *Store) DeleteProcess(ctx context.Context, workspace, id string) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM processes WHERE workspace = $1 AND id = $2", workspace, id); err != nil {
		return fmt.Errorf("forget process %s of %s: %w", id, workspace, err)
	}
	return nil
}
