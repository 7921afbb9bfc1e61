package store

import (
	"context"
	"fmt"
)

// hostOf is the host name of a base URL, in SQL.
const hostOf = `substring(%s FROM '^https?://([^:/]+)')`

// HostTaken says whether another workspace's instance declares a base URL with the host name, was served under it last, or
// has a process that was given it and has not ended.
func (q queries) HostTaken(ctx context.Context, workspace, host string) (bool, error) {
	var taken bool
	err := q.db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM instances WHERE workspace <> $1 AND $2 IN ("+
		fmt.Sprintf(hostOf, "spec->>'base_url'")+", "+fmt.Sprintf(hostOf, "served->'spec'->>'base_url'")+")) OR EXISTS (SELECT FROM processes WHERE workspace <> $1 AND "+
		fmt.Sprintf(hostOf, "given->'spec'->>'base_url'")+" = $2)", workspace, host).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look who has the host %s: %w", host, err)
	}
	return taken, nil
}

// LockHost keeps every other transaction that locks the same host name waiting until this one ends.
func (tx *Tx) LockHost(ctx context.Context, host string) error {
	if _, err := tx.db.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "orbit:host:"+host); err != nil {
		return fmt.Errorf("lock the host %s: %w", host, err)
	}
	return nil
}

// LingeringURLs are the base URLs of processes that were replaced and have not ended, by workspace.
func (q queries) LingeringURLs(ctx context.Context) (map[string]string, error) {
	type lingering struct{ Workspace, URL string }
	found, err := collect[lingering](ctx, q.db, "base URLs", "SELECT workspace, given->'spec'->>'base_url' AS url FROM processes "+
		"WHERE role = 'stopping' AND drain_until IS NOT NULL AND given->'spec'->>'base_url' <> '' ORDER BY created_at")
	urls := make(map[string]string, len(found))
	for _, l := range found {
		urls[l.Workspace] = l.URL // the newest: an older one is about to end
	}
	return urls, err
}
