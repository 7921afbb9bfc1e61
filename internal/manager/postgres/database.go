package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// executor is a connection or a pool.
type executor interface {
	Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error)
}

// ensureDatabase makes a database that only its owner and superusers can connect to, or brings one that is there to
// that state. Nobody can connect to a new one before it is closed to PUBLIC.
func ensureDatabase(ctx context.Context, db executor, name, owner string) error {
	database, role := pgx.Identifier{name}.Sanitize(), pgx.Identifier{owner}.Sanitize()
	_, err := db.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE template0 ENCODING 'UTF8' "+
		"ALLOW_CONNECTIONS false", database, role))
	if existed(err, duplicateDatabase) {
		_, err = db.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s OWNER TO %s", database, role))
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	if err := closeToPublic(ctx, db, name); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", database)); err != nil {
		return fmt.Errorf("open database %s: %w", name, err)
	}
	return nil
}

// closeToPublic takes from PUBLIC the rights that PostgreSQL gives it on every new database. Owners keep theirs.
func closeToPublic(ctx context.Context, db executor, name string) error {
	_, err := db.Exec(ctx, fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC", pgx.Identifier{name}.Sanitize()))
	if err != nil {
		return fmt.Errorf("close database %s to other roles: %w", name, err)
	}
	return nil
}
