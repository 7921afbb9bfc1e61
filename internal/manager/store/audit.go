package store

import (
	"context"
	"fmt"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// auditRetention is how long a record of the audit log is kept.
const auditRetention = 90 * 24 * time.Hour

// PutAudit records a write that is about to be carried out, and returns the record's id.
func (s *Store) PutAudit(ctx context.Context, r orbit.AuditRecord) (int64, error) {
	var id int64
	err := s.db.QueryRow(ctx, "INSERT INTO audit (subject, role, operation, workspace, object, request_id, address) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
		r.Subject, r.Role, r.Operation, r.Workspace, r.Object, r.RequestID, r.Address).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("record %s by %s: %w", r.Operation, r.Subject, err)
	}
	return id, nil
}

// FinishAudit records what became of the write: its status, code and change, and the workspace and object that were known
// only then.
func (s *Store) FinishAudit(ctx context.Context, r orbit.AuditRecord) error {
	_, err := s.db.Exec(ctx, "UPDATE audit SET status = $2, code = $3, change_id = $4, workspace = $5, object = $6 WHERE id = $1",
		r.ID, r.Status, r.Code, r.ChangeID, r.Workspace, r.Object)
	if err != nil {
		return fmt.Errorf("record what became of %s by %s: %w", r.Operation, r.Subject, err)
	}
	return nil
}

// Audit returns at most limit records whose id is below before, newest first: those of the workspace, or with "" all.
func (s *Store) Audit(ctx context.Context, workspace string, before int64, limit int) ([]orbit.AuditRecord, error) {
	return collect[orbit.AuditRecord](ctx, s.db, "the audit log", "SELECT id, at, subject, role, operation, workspace, object, "+
		"coalesce(status, 0) AS status, code, change_id, request_id, address FROM audit "+
		"WHERE ($1 = '' OR workspace = $1) AND id < $2 ORDER BY id DESC LIMIT $3", workspace, before, limit)
}

// forgetAudit removes the records that are older than 90 days.
func (s *Store) forgetAudit(ctx context.Context, now time.Time) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM audit WHERE at < $1", now.Add(-auditRetention)); err != nil {
		return fmt.Errorf("forget old audit records: %w", err)
	}
	return nil
}
