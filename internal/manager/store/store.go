// Package store keeps what orbitd knows in PostgreSQL: what is declared, the changes that declared it, the processes
// that serve it, events and sealed secrets. It decides nothing; it only makes sure that what belongs together is
// written together.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// maxConnections bounds what orbitd itself takes of the server's connections.
const maxConnections = 9

// statementTimeout bounds every statement, in PostgreSQL's notation: they are all small, so one that lasts hangs.
const statementTimeout = "30s"

// ErrNotFound is returned for a row that does not exist.
var ErrNotFound = errors.New("not found")

// NewerError is a database that a newer orbitd has migrated: this one refuses to touch it.
type NewerError struct {
	// Found is the database's schema version, Known the newest this orbitd has.
	Found, Known int64
}

// Error says what to do.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the database was written by a newer orbitd (schema %d, this one knows up to %d): "+
		"run that version again, or restore a backup from before it", e.Found, e.Known)
}

// Store is the manager's database. All methods may be called concurrently.
type Store struct {
	queries
	pool *pgxpool.Pool
	held *hold
}

// Open connects to the database and brings its schema up to date. It returns a *NewerError, and has changed nothing,
// when the schema is newer than this program.
func Open(ctx context.Context, config *pgxpool.Config) (*Store, error) {
	config = config.Copy()
	config.MaxConns = maxConnections
	config.ConnConfig.RuntimeParams["statement_timeout"] = statementTimeout
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", config.ConnConfig.Database, err)
	}
	held, err := lockDatabase(ctx, pool)
	if err == nil {
		err = migrate(ctx, pool)
	}
	if err != nil {
		held.Release() //nolint:contextcheck // the connection is closed whatever became of ctx
		pool.Close()
		return nil, err
	}
	return &Store{queries: queries{db: pool}, pool: pool, held: held}, nil
}

// Close returns the connections.
func (s *Store) Close() {
	s.held.Release()
	s.pool.Close()
}

// lockDatabase takes the database for this orbitd: two that carried out the same changes would fight over every process.
// The lock goes with its connection, and with the orbitd that held it.
func lockDatabase(ctx context.Context, pool *pgxpool.Pool) (*hold, error) {
	connection, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	h := &hold{connection}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	_, err = connection.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended('orbit:manager', 0))")
	if err != nil {
		return h, fmt.Errorf("another orbitd works with the database %s: stop it first, or use another database (%w)",
			connection.Conn().Config().Database, err)
	}
	return h, nil
}

// lockPatience is how long an orbitd waits for one that is just ending.
const lockPatience = 10 * time.Second

// hold is the connection that holds the database's lock.
type hold struct{ connection *pgxpool.Conn }

// Release ends the connection, and with it the lock.
func (h *hold) Release() {
	if h == nil {
		return
	}
	connection := h.connection.Hijack()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = connection.Close(ctx) // it is gone either way
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read the embedded migrations: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return fmt.Errorf("prepare the database's migrations: %w", err)
	}
	found, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the database's schema version: %w", err)
	}
	if found > known {
		return &NewerError{Found: found, Known: known}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database from schema %d to %d: %w", found, known, err)
	}
	return nil
}

// Tx is a transaction over one workspace. Its methods are those of Store, and those that write.
type Tx struct {
	queries
	workspace string
}

// Update runs f in a transaction that no other Update of the same workspace overlaps. What f returns is returned
// unchanged, and everything f wrote is undone when it returns an error.
func (s *Store) Update(ctx context.Context, workspace string, f func(tx *Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", workspace); err != nil {
			return fmt.Errorf("lock workspace %s: %w", workspace, err)
		}
		return f(&Tx{queries: queries{db: t}, workspace: workspace})
	})
}

// queries are the reads that Store and Tx share.
type queries struct{ db database }

// database is what a pool and a transaction have in common.
type database interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

// collect reads all rows of a query into values of type T, whose fields are named as the columns.
func collect[T any](ctx context.Context, db database, what, sql string, arguments ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, arguments...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return values, nil
}

// collectOne reads the one row of a query, ErrNotFound when there is none.
func collectOne[T any](ctx context.Context, db database, what, sql string, arguments ...any) (T, error) {
	var none T
	values, err := collect[T](ctx, db, what, sql, arguments...)
	if err != nil {
		return none, err
	}
	if len(values) == 0 {
		return none, fmt.Errorf("read %s: %w", what, ErrNotFound)
	}
	return values[0], nil
}
