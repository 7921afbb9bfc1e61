package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// databases lists the databases and roles of workspaces in the world's PostgreSQL.
func (w *world) databases(t *testing.T) []string {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(w.dir, "data", "postgres.password"))
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := filepath.Glob(filepath.Join(w.dir, "run", "pg-*"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("the folders of PostgreSQL's socket are %v (%v), want one", sockets, err)
	}
	address := url.URL{Scheme: "postgres", Path: "/orbit", RawQuery: url.Values{
		"host": {sockets[0]}, "user": {"orbit"}, "password": {strings.TrimSpace(string(password))},
	}.Encode()}
	connection, err := pgx.Connect(t.Context(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	rows, err := connection.Query(t.Context(), "SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'backstage\\_%' "+
		"UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'backstage\\_%'")
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// postmaster is the process of the world's PostgreSQL.
func (w *world) postmaster(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, "data", "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
