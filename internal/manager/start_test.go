package manager_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// start tries to start a manager and returns why it could not.
func start(t *testing.T, o manager.Options) error {
	t.Helper()
	m, err := manager.New(o)
	if err != nil {
		return err
	}
	err = m.Start(t.Context())
	if closeErr := m.Close(); closeErr != nil {
		t.Errorf("close: %v", closeErr)
	}
	return err
}

func TestATakenPortIsNamedWithItsFlag(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	for flag, o := range map[string]manager.Options{
		"--listen":         {Listen: address, GatewayListen: "127.0.0.1:0"},
		"--gateway-listen": {Listen: "127.0.0.1:0", GatewayListen: address},
	} {
		o.DataDir, o.RunDir = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "run")
		err := start(t, o)
		if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), flag+"\n") && !strings.HasSuffix(err.Error(), flag) {
			t.Errorf("with %s taken the start says %v, want the address and the flag", flag, err)
		}
	}
}

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:7070", "[::]:0"} {
		o := manager.Options{DataDir: filepath.Join(t.TempDir(), "data"), RunDir: filepath.Join(t.TempDir(), "run"), Listen: address}
		if err := start(t, o); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("--listen %s: the start says %v, want it refused as no loopback address", address, err)
		}
	}
}

func TestADataDirectoryHasOneOrbitd(t *testing.T) {
	t.Parallel()
	s, _ := ownServer(t)
	dataDir := filepath.Dir(s.Manager.TokenFile())
	err := start(t, manager.Options{DataDir: dataDir, RunDir: filepath.Join(t.TempDir(), "run"), Listen: "127.0.0.1:0", GatewayListen: "127.0.0.1:0"})
	var running *manager.RunningError
	if !errors.As(err, &running) || running.PID != os.Getpid() {
		t.Errorf("a second orbitd gets %v, want a RunningError with pid %d", err, os.Getpid())
	}
}

func TestADataDirectoryOfANewerOrbitdIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := ownServer(t)
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(ctx) }()
	if _, err := connection.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	err = s.Restart(ctx)
	var newer *store.NewerError
	if !errors.As(err, &newer) || newer.Found != 9999 {
		t.Errorf("starting on a newer database gives %v, want a NewerError", err)
	}
	if _, err := connection.Exec(ctx, "DELETE FROM goose_db_version WHERE version_id = 9999"); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Errorf("the data directory does not start again afterwards: %v", err)
	}
}

func TestStopAllEndsInstancesAndPostgreSQL(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "stopped", "")
	dataDir := filepath.Dir(s.Manager.TokenFile())
	content, err := os.ReadFile(filepath.Join(dataDir, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := s.Runtime.Processes("stopped"); len(left) != 0 {
		t.Errorf("%d processes of the instance are left", len(left))
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("PostgreSQL with pid %d is still there (%v)", pid, err)
	}
	if _, err := os.Stat(dataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the test's folder is still there (%v)", err)
	}
}
