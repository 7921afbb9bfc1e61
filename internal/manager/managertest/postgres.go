package managertest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

// Postgres is a PostgreSQL server for tests of what lies between orbitd's API and its processes. It may lose what it was
// told when the machine fails, and is quick for that.
type Postgres struct {
	server *postgres.Embedded
	dir    string
}

// StartPostgres starts a server, or returns ErrNoBundle. The caller closes it.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	installed := os.Getenv("ORBIT_TEST_BUNDLE")
	if installed == "" {
		return nil, ErrNoBundle
	}
	dir, err := OpenDir()
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir}
	p.server, err = postgres.StartEmbedded(ctx, postgres.Options{
		BinDir: filepath.Join(bundle.PostgresDir(installed), "bin"), DataDir: filepath.Join(dir, clusterName), RunDir: filepath.Join(dir, "run"),
	})
	if err == nil {
		err = p.hurry(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// hurry makes the server quick: nothing is synchronised with the disk, and the password is checked with one iteration.
func (p *Postgres) hurry(ctx context.Context) error {
	address, err := url.Parse(p.URL(postgres.ManagerDatabase))
	if err != nil {
		return err
	}
	password, _ := address.User.Password()
	return p.Exec(ctx, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off",
		"ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()",
		"SET scram_iterations = 1", fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", postgres.Superuser, password))
}

// URL is where the superuser reaches the database.
func (p *Postgres) URL(database string) string { return p.server.URL(database) }

// Exec runs statements in the manager's database, which no orbitd uses.
func (p *Postgres) Exec(ctx context.Context, statements ...string) error {
	connection, err := pgx.Connect(ctx, p.URL(postgres.ManagerDatabase))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range statements {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Close stops the server and removes its folder.
func (p *Postgres) Close(ctx context.Context) error {
	var err error
	if p.server != nil {
		err = p.server.Stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
