package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// resolutionRetention is how long what a range was resolved to is kept that nobody asks for, of a workspace without an
// instance. A saved plan is that long good for as many days.
const resolutionRetention = 30 * 24 * time.Hour

// Resolution returns the exact version that a range means for a workspace's plugin, or ErrNotFound when none was chosen.
func (s *Store) Resolution(ctx context.Context, workspace, name, versionRange string) (string, error) {
	var version string
	err := s.db.QueryRow(ctx, "UPDATE plugin_resolutions SET used_at = now() "+
		"WHERE workspace = $1 AND package = $2 AND version_range = $3 RETURNING version", workspace, name, versionRange).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read what %s %s means in %s: %w", name, versionRange, workspace, err)
	}
	return version, nil
}

// KeepResolution stores the exact version that a range means for a workspace's plugin, and returns the one that holds:
// another caller may have chosen before.
func (s *Store) KeepResolution(ctx context.Context, workspace, name, versionRange, version string) (string, error) {
	err := s.db.QueryRow(ctx, "INSERT INTO plugin_resolutions AS kept (workspace, package, version_range, version) "+
		"VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, package, version_range) DO UPDATE SET used_at = now() "+
		"RETURNING kept.version", workspace, name, versionRange, version).Scan(&version)
	if err != nil {
		return "", fmt.Errorf("keep what %s %s means in %s: %w", name, versionRange, workspace, err)
	}
	return version, nil
}

// forgetResolutions removes those that nobody asked for in a while, of workspaces without an instance.
func (s *Store) forgetResolutions(ctx context.Context, now time.Time) error {
	_, err := s.db.Exec(ctx, "DELETE FROM plugin_resolutions r WHERE used_at < $1 "+
		"AND NOT EXISTS (SELECT FROM instances i WHERE i.workspace = r.workspace)", now.Add(-resolutionRetention))
	if err != nil {
		return fmt.Errorf("forget old resolutions of version ranges: %w", err)
	}
	return nil
}
