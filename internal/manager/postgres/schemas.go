package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Settings of the manager's own short sessions in a workspace's database: whatever the instance holds a lock on is not
// waited for long.
const (
	sessionConnectTimeout   = 10 * time.Second
	sessionLockTimeout      = "5s"
	sessionStatementTimeout = "30s"
)

// Schemas returns, sorted, the schemas in the workspace's database that are not PostgreSQL's own. With Backstage's
// pluginDivisionMode schema each is the id of the plugin that it belongs to.
func (c *Cluster) Schemas(ctx context.Context, workspace string) (names []string, err error) {
	err = c.within(ctx, workspace, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT nspname::text FROM pg_namespace
			WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('public', 'information_schema') ORDER BY 1`)
		if err != nil {
			return err
		}
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the schemas of workspace %s: %w", workspace, err)
	}
	return names, nil
}

// SchemaSizes returns how many bytes the schemas' tables, indexes and sequences take; those that are not there are left
// out.
func (c *Cluster) SchemaSizes(ctx context.Context, workspace string, schemas []string) (sizes map[string]int64, err error) {
	err = c.within(ctx, workspace, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT n.nspname::text, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
			FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'm', 'S')
			WHERE n.nspname = ANY($1) GROUP BY 1`, schemas)
		if err != nil {
			return err
		}
		sizes = make(map[string]int64, len(schemas))
		var name string
		var size int64
		_, err = pgx.ForEachRow(rows, []any{&name, &size}, func() error {
			sizes[name] = size
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("measure the schemas of workspace %s: %w", workspace, err)
	}
	return sizes, nil
}

// DropSchema drops a schema with all that is in it. It is idempotent.
func (c *Cluster) DropSchema(ctx context.Context, workspace, schema string) error {
	err := c.within(ctx, workspace, func(conn *pgx.Conn) error {
		if schema == "public" || schema == "information_schema" || strings.HasPrefix(schema, "pg_") {
			return errors.New("it is PostgreSQL's own")
		}
		_, err := conn.Exec(ctx, fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE", pgx.Identifier{schema}.Sanitize()))
		return err
	})
	if err != nil {
		return fmt.Errorf("drop the schema %s of workspace %s: %w", schema, workspace, err)
	}
	return nil
}

// within runs f on a connection of the manager's own to the workspace's database.
func (c *Cluster) within(ctx context.Context, workspace string, f func(conn *pgx.Conn) error) (err error) {
	name, err := checkedName(workspace)
	if err != nil {
		return err
	}
	config := c.pool.Config().ConnConfig
	config.Database = name
	config.ConnectTimeout = sessionConnectTimeout
	config.RuntimeParams["lock_timeout"] = sessionLockTimeout
	config.RuntimeParams["statement_timeout"] = sessionStatementTimeout
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return f(conn)
}
