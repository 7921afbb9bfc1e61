package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// cloneTime is how a clone's name ends: with the time at which it was made, in UTC. A workspace's name has no @, and the
// longest one still leaves an identifier of 63 bytes.
const cloneTime = "@060102150405"

// Clone is a copy of a workspace's database as it was at one moment. Nobody can connect to it.
type Clone struct {
	// Name is the database's name.
	Name string
	// Workspace is whose database it was.
	Workspace string
	// MadeAt is when, to the second; of several in one second the later ones say a later one.
	MadeAt time.Time
	// Why says what it was made for, for people; "" when that is unknown.
	Why string
}

// Clone copies the workspace's database inside the server and returns the copy. It ends the sessions in the database,
// because PostgreSQL copies none that is in use: the instance has to be stopped. The server keeps why as the copy's
// comment.
func (c *Cluster) Clone(ctx context.Context, workspace, why string, now time.Time) (Clone, error) {
	name, err := checkedName(workspace)
	if err != nil {
		return Clone{}, err
	}
	clone := Clone{Workspace: workspace, Why: why}
	err = c.shut(ctx, name)
	if err == nil {
		clone.Name, clone.MadeAt, err = c.copy(ctx, name, now.UTC().Truncate(time.Second))
	}
	if openErr := c.exec(context.WithoutCancel(ctx), "ALTER DATABASE %s ALLOW_CONNECTIONS true", name); err == nil {
		err = openErr
	}
	if err == nil {
		err = c.comment(ctx, clone.Name, why)
	}
	if err != nil {
		return Clone{}, fmt.Errorf("clone the database of workspace %s: %w", workspace, err)
	}
	return clone, nil
}

// copy makes a copy of the database that is named for the time, or for the first second after that of which there is none.
func (c *Cluster) copy(ctx context.Context, name string, now time.Time) (clone string, at time.Time, err error) {
	create := fmt.Sprintf("CREATE DATABASE %%s OWNER %s TEMPLATE %[1]s ALLOW_CONNECTIONS false", pgx.Identifier{name}.Sanitize())
	for at = now; ; at = at.Add(time.Second) {
		clone = name + at.Format(cloneTime)
		if err = c.exec(ctx, create, clone); !existed(err, duplicateDatabase) {
			return clone, at, err
		}
	}
}

// Restore makes the clone the workspace's database, in place of the one that is there. It is idempotent: a clone that is
// gone has taken its place already.
func (c *Cluster) Restore(ctx context.Context, workspace, clone string) error {
	name, err := checkedName(workspace)
	if err != nil {
		return err
	}
	if parsed, ok := parseClone(clone); !ok || parsed.Workspace != workspace {
		return fmt.Errorf("restore the database of workspace %s: %q is no clone of it", workspace, clone)
	}
	err = c.restore(ctx, name, clone)
	if err != nil {
		return fmt.Errorf("restore the database of workspace %s from %s: %w", workspace, clone, err)
	}
	return nil
}

func (c *Cluster) restore(ctx context.Context, name, clone string) error {
	var there bool
	if err := c.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", clone).Scan(&there); err != nil {
		return err
	}
	if there {
		if err := c.exec(ctx, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name); err != nil {
			return err
		}
		rename := fmt.Sprintf("ALTER DATABASE %%s RENAME TO %s", pgx.Identifier{name}.Sanitize())
		if err := c.exec(ctx, rename, clone); err != nil {
			return err
		}
	}
	if err := closeToPublic(ctx, c.pool, name); err != nil {
		return err
	}
	if err := c.exec(ctx, "COMMENT ON DATABASE %s IS NULL", name); err != nil {
		return err
	}
	return c.exec(ctx, "ALTER DATABASE %s ALLOW_CONNECTIONS true", name)
}

// DropClone drops a clone. It is idempotent.
func (c *Cluster) DropClone(ctx context.Context, clone string) error {
	if _, ok := parseClone(clone); !ok {
		return fmt.Errorf("drop the clone %q: it is none", clone)
	}
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS %s WITH (FORCE)", clone); err != nil {
		return fmt.Errorf("drop the clone %s: %w", clone, err)
	}
	return nil
}

// Clones returns the workspace's clones, oldest first; "" lists those of all workspaces.
func (c *Cluster) Clones(ctx context.Context, workspace string) ([]Clone, error) {
	rows, err := c.pool.Query(ctx, `SELECT datname::text, coalesce(shobj_description(oid, 'pg_database'), '')
		FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname`, DatabaseName(workspace))
	if err != nil {
		return nil, fmt.Errorf("list the clones: %w", err)
	}
	var clones []Clone
	var name, why string
	_, err = pgx.ForEachRow(rows, []any{&name, &why}, func() error {
		if clone, ok := parseClone(name); ok && (workspace == "" || clone.Workspace == workspace) {
			clone.Why = why
			clones = append(clones, clone)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the clones: %w", err)
	}
	return clones, nil
}

// CloneSize returns how many bytes a clone takes; 0 when it is gone.
func (c *Cluster) CloneSize(ctx context.Context, clone string) (int64, error) {
	var size int64
	err := c.pool.QueryRow(ctx, "SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database WHERE datname = $1",
		clone).Scan(&size)
	if err != nil {
		return 0, fmt.Errorf("measure the clone %s: %w", clone, err)
	}
	return size, nil
}

// comment says for people what a database is there for. PostgreSQL takes no parameters in this statement, so it quotes
// the text itself.
func (c *Cluster) comment(ctx context.Context, name, text string) error {
	var statement string
	if err := c.pool.QueryRow(ctx, "SELECT format('COMMENT ON DATABASE %I IS %L', $1::text, $2::text)", name, text).Scan(&statement); err != nil {
		return err
	}
	_, err := c.pool.Exec(ctx, statement)
	return err
}

// parseClone reads a clone from its database's name.
func parseClone(name string) (Clone, bool) {
	at := strings.LastIndexByte(name, '@')
	rest, ours := strings.CutPrefix(name, namePrefix)
	if at < 0 || !ours {
		return Clone{}, false
	}
	made, err := time.Parse(cloneTime, name[at:])
	if err != nil {
		return Clone{}, false
	}
	return Clone{Name: name, Workspace: rest[:strings.LastIndexByte(rest, '@')], MadeAt: made}, true
}

// shut keeps everybody out of a database and ends the sessions in it.
func (c *Cluster) shut(ctx context.Context, name string) error {
	if err := c.exec(ctx, "ALTER DATABASE %s ALLOW_CONNECTIONS false", name); err != nil {
		return err
	}
	// With a timeout the function waits until the session has ended.
	_, err := c.pool.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
	return err
}
