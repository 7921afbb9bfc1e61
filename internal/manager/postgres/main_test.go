package postgres_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

// testTimeout bounds each wait for a real server.
const testTimeout = time.Minute

// shared is the server that most tests use; each takes workspaces of its own.
var shared struct {
	once    sync.Once
	server  *postgres.Embedded
	cluster *postgres.Cluster
	err     error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func stopShared() error {
	defer func() { removeSharedDir() }()
	if shared.server == nil {
		return nil
	}
	if shared.cluster != nil {
		shared.cluster.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	return shared.server.Stop(ctx)
}

var removeSharedDir = func() {}

// sharedCluster returns the cluster of the shared server, which the first caller starts.
func sharedCluster(t *testing.T) *postgres.Cluster {
	t.Helper()
	bin := binDir(t)
	shared.once.Do(func() {
		dir, remove, err := reachableDir()
		if err != nil {
			shared.err = err
			return
		}
		removeSharedDir = remove
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		if shared.server, shared.err = postgres.StartEmbedded(ctx, optionsIn(dir, bin)); shared.err != nil {
			return
		}
		shared.cluster, shared.err = postgres.OpenCluster(ctx, shared.server.URL(postgres.ManagerDatabase), nil)
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

// installed is where the PostgreSQL of the release is, found once.
var installed = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("ORBIT_TEST_BUNDLE"); dir != "" {
		return filepath.Join(bundle.PostgresDir(dir), "bin"), nil
	}
	cache, err := bundle.DefaultDir()
	if err != nil {
		return "", err
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), cache)})
	if err != nil {
		return "", err
	}
	release := bundle.Release{Version: "1.55.0"}
	files := filepath.Join("..", "..", "..", "backstage", "releases", release.Version)
	var errs [2]error
	release.Manifest, errs[0] = os.ReadFile(filepath.Join(files, "package.json"))
	release.Lockfile, errs[1] = os.ReadFile(filepath.Join(files, "package-lock.json"))
	if err := errors.Join(errs[:]...); err != nil {
		return "", err
	}
	const installTimeout = 9 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	built, err := store.Ensure(ctx, release, nil)
	return filepath.Join(bundle.PostgresDir(built.Dir), "bin"), err
})

func binDir(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs a real PostgreSQL")
	}
	dir, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// reachableDir makes a temporary folder that the user of the server can reach; t.TempDir is for root alone when root
// runs the tests.
func reachableDir() (dir string, remove func(), err error) {
	dir, err = managertest.OpenDir()
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

func optionsIn(dir, bin string) postgres.Options {
	return postgres.Options{
		BinDir: bin, DataDir: filepath.Join(dir, "data"), RunDir: filepath.Join(dir, "run"),
		Logger: slog.New(slog.DiscardHandler),
	}
}

// newOptions are for a server of the test's own.
func newOptions(t *testing.T) postgres.Options {
	t.Helper()
	bin := binDir(t)
	dir, remove, err := reachableDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	return optionsIn(dir, bin)
}

func start(t *testing.T, options postgres.Options) *postgres.Embedded {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	server, err := postgres.StartEmbedded(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *postgres.Embedded) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Error(err)
	}
}
