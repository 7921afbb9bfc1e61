package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// RoleConnectionLimit is how many connections a workspace may have. An instance holds up to 21 while it boots, and
	// blue, green and one that drains can be up at the same time.
	RoleConnectionLimit = 64
	// namePrefix begins the names of a workspace's database and role.
	namePrefix = "backstage_"
	// clusterConnections bounds the manager's own connections for this: statements are few and short.
	clusterConnections = 2
)

// Connection is what an instance needs to reach its database, besides the password.
type Connection struct {
	// Host is a host name, or the folder of a Unix socket.
	Host string
	// Port is the TCP port; with a socket it names the socket's file.
	Port uint16
	// User is the workspace's role.
	User string
	// Database is the workspace's database.
	Database string
	// SSLMode and SSLRootCert are the parameters of that name in the manager's own URL, "" when it has none. They
	// mean what libpq says they mean.
	SSLMode     string
	SSLRootCert string
}

// Cluster gives workspaces databases and roles of their own in one PostgreSQL server. A role can connect to its own
// database and to no other that Orbit made.
type Cluster struct {
	pool        *pgxpool.Pool
	manager     string
	superuser   bool
	host        string
	port        uint16
	sslMode     string
	sslRootCert string
}

// OpenCluster connects to the server that address names, a postgres:// URL of the manager's own database. The user is a
// superuser, or has CREATEDB and CREATEROLE. PUBLIC loses the right to connect to the manager's database.
func OpenCluster(ctx context.Context, address string, logger *slog.Logger) (*Cluster, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	c, err := connectCluster(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL server of %s: %w", redacted(address), err)
	}
	if err := c.prepare(ctx, logger); err != nil {
		c.Close()
		return nil, fmt.Errorf("open the PostgreSQL server of %s: %w", redacted(address), err)
	}
	return c, nil
}

// redacted returns a URL without its password, and nothing of what is no URL.
func redacted(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User == nil {
		return "the given URL"
	}
	parsed.RawQuery = "" // can hold a password as well
	return parsed.Redacted()
}

func connectCluster(ctx context.Context, address string) (*Cluster, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return nil, errors.New("it is no URL such as postgres://user:password@host:5432/orbit")
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = clusterConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &Cluster{
		pool: pool, manager: config.ConnConfig.User, host: config.ConnConfig.Host, port: config.ConnConfig.Port,
		sslMode: parsed.Query().Get("sslmode"), sslRootCert: parsed.Query().Get("sslrootcert"),
	}, nil
}

// prepare checks the user's rights and closes the manager's database. Databases that Orbit did not make are left as
// they are, and named if every role can connect to them.
func (c *Cluster) prepare(ctx context.Context, logger *slog.Logger) error {
	var database string
	var canCreate bool
	err := c.pool.QueryRow(ctx, `SELECT rolname, current_database(), rolsuper, rolsuper OR (rolcreatedb AND rolcreaterole)
		FROM pg_roles WHERE rolname = current_user`).Scan(&c.manager, &database, &c.superuser, &canCreate)
	if err != nil {
		return err
	}
	if !canCreate {
		return fmt.Errorf("the role %s may not make databases and roles: run ALTER ROLE %s CREATEDB CREATEROLE",
			c.manager, pgx.Identifier{c.manager}.Sanitize())
	}
	if err := closeToPublic(ctx, c.pool, database); err != nil {
		return err
	}
	rows, err := c.pool.Query(ctx, `SELECT datname FROM pg_database
		WHERE datallowconn AND has_database_privilege('public', oid, 'CONNECT') ORDER BY datname`)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(open) > 0 {
		logger.WarnContext(ctx, "every role can connect to some databases, so instances can too: "+
			"run REVOKE CONNECT ON DATABASE … FROM PUBLIC as their owner", "databases", open)
	}
	return nil
}

// Close closes the manager's connections.
func (c *Cluster) Close() { c.pool.Close() }

// DatabaseName returns the name of the workspace's database, which is its role's name too.
func DatabaseName(workspace string) string { return namePrefix + workspace }

// ConnectionFor returns how the workspace's instance reaches its database.
func (c *Cluster) ConnectionFor(workspace string) Connection {
	name := DatabaseName(workspace)
	return Connection{
		Host: c.host, Port: c.port, User: name, Database: name, SSLMode: c.sslMode, SSLRootCert: c.sslRootCert,
	}
}

// EnsureDatabase makes the workspace's role with this password and the database that it owns, or brings those that are
// there to that state. It is idempotent, so a call that failed half-way is simply made again. The password is ASCII.
func (c *Cluster) EnsureDatabase(ctx context.Context, workspace, password string) error {
	name, err := checkedName(workspace)
	if err != nil {
		return err
	}
	steps := []struct {
		what string
		do   func() error
	}{
		{"make its role", func() error { return c.ensureRole(ctx, name, password) }},
		{"take its role over", func() error { return c.joinRole(ctx, name) }},
		{"make its database", func() error { return ensureDatabase(ctx, c.pool, name, name) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("ensure the database of workspace %s: %s: %w", workspace, step.what, err)
		}
	}
	return nil
}

// SetPassword gives the workspace's role another password. Sessions that are open stay open.
func (c *Cluster) SetPassword(ctx context.Context, workspace, password string) error {
	name, err := checkedName(workspace)
	if err != nil {
		return err
	}
	if err := c.alterRole(ctx, name, password); err != nil {
		return fmt.Errorf("set the database password of workspace %s: %w", workspace, err)
	}
	return nil
}

// DropDatabase ends the sessions in the workspace's database and drops it with its clones and its role. It is
// idempotent.
func (c *Cluster) DropDatabase(ctx context.Context, workspace string) error {
	name, err := checkedName(workspace)
	if err != nil {
		return err
	}
	clones, err := c.Clones(ctx, workspace)
	if err != nil {
		return err
	}
	for _, clone := range clones {
		if err := c.DropClone(ctx, clone.Name); err != nil {
			return err
		}
	}
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name); err != nil {
		return fmt.Errorf("drop the database of workspace %s: %w", workspace, err)
	}
	if err := c.exec(ctx, "DROP ROLE IF EXISTS %s", name); err != nil {
		return fmt.Errorf("drop the database role of workspace %s: %w", workspace, err)
	}
	return nil
}

// Workspaces returns, sorted, the workspaces that have a database or a role in the server.
func (c *Cluster) Workspaces(ctx context.Context) ([]string, error) {
	rows, err := c.pool.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)
		UNION SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`, namePrefix)
	if err != nil {
		return nil, fmt.Errorf("list the workspaces' databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the workspaces' databases: %w", err)
	}
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], namePrefix)
	}
	slices.Sort(names)
	return names, nil
}

func (c *Cluster) ensureRole(ctx context.Context, name, password string) error {
	err := c.exec(ctx, "CREATE ROLE %s", name)
	if err != nil && !existed(err, duplicateObject) {
		return err
	}
	return c.alterRole(ctx, name, password)
}

func (c *Cluster) alterRole(ctx context.Context, name, password string) error {
	// The server logs statements that fail, so it is given what it would store and never the password.
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	return c.exec(ctx, fmt.Sprintf("ALTER ROLE %%s LOGIN CONNECTION LIMIT %d PASSWORD '%s'",
		RoleConnectionLimit, verifier), name)
}

// joinRole makes the manager a member of the role: who is no superuser can only then make it an owner.
func (c *Cluster) joinRole(ctx context.Context, name string) error {
	if c.superuser {
		return nil
	}
	return c.exec(ctx, "GRANT %s TO CURRENT_USER", name)
}

// exec runs a statement with the quoted name in it.
func (c *Cluster) exec(ctx context.Context, statement, name string) error {
	_, err := c.pool.Exec(ctx, fmt.Sprintf(statement, pgx.Identifier{name}.Sanitize()))
	return err
}

func checkedName(workspace string) (string, error) {
	if workspace == "" || len(workspace) > orbit.MaxWorkspaceLength {
		return "", fmt.Errorf("name the database of workspace %q: a workspace has 1 to %d characters",
			workspace, orbit.MaxWorkspaceLength)
	}
	return DatabaseName(workspace), nil
}

// The codes of PostgreSQL's errors that are met on purpose.
const (
	duplicateObject   = "42710"
	duplicateDatabase = "42P04"
	uniqueViolation   = "23505"
)

// existed says whether something could not be made because it was there, also when somebody else made it just now: the
// statement of an orbitd that died is carried out to its end.
func existed(err error, duplicate string) bool {
	return hasCode(err, duplicate) || hasCode(err, uniqueViolation)
}

func hasCode(err error, code string) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && failed.Code == code
}
