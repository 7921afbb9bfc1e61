package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/corpus"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
)

const (
	memoryMiB   = 1024
	bootTimeout = 90 * time.Second
	stopTimeout = 30 * time.Second
	pushTimeout = 40 * time.Second
	// seed is the database that every process gets a copy of: migrated, and with nothing in it.
	seed = "seed"
)

// lab is where edits are measured: servers to talk to, a database server, and a process with the base document.
type lab struct {
	corpus    *corpus.Corpus
	dir       string
	bundle    string
	postgres  *postgres.Embedded
	sql       *pgx.Conn
	runtime   *process.Runtime
	upstreams []*httptest.Server
	hosts     *strings.Replacer
	home      *instance // serves the base document
	started   int
	copies    int
	next      <-chan prepared
	// background are the starts and stops that nobody waits for.
	background sync.WaitGroup
	mu         sync.Mutex // held while sql is used
}

func openLab(ctx context.Context, c *corpus.Corpus) (l *lab, err error) {
	l = &lab{corpus: c}
	defer func() {
		if err != nil {
			err = l.close(ctx, err)
		}
	}()
	// Outside TMPDIR of this user, so that PostgreSQL's user can pass; a path short enough for sockets.
	if l.dir, err = os.MkdirTemp("", "orbit-corpus-"); err != nil {
		return l, fmt.Errorf("make a folder: %w", err)
	}
	if err := errors.Join(os.Chmod(l.dir, 0o755), os.CopyFS(filepath.Join(l.dir, "host"), backstage.Host())); err != nil {
		return l, fmt.Errorf("write the host: %w", err)
	}
	if l.bundle, err = installed(ctx); err != nil {
		return l, err
	}
	l.postgres, err = postgres.StartEmbedded(ctx, postgres.Options{
		BinDir: filepath.Join(bundle.PostgresDir(l.bundle), "bin"), DataDir: filepath.Join(l.dir, "pg"), RunDir: filepath.Join(l.dir, "r"),
	})
	if err != nil {
		return l, err
	}
	if l.sql, err = pgx.Connect(ctx, l.postgres.URL(postgres.ManagerDatabase)); err != nil {
		return l, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	l.runtime, err = process.New(process.Options{ //nolint:contextcheck // the runtime lives until its Close
		RunDir: filepath.Join(l.dir, "i"), DataDir: filepath.Join(l.dir, "data"), HostDir: filepath.Join(l.dir, "host"),
	})
	if err != nil {
		return l, err
	}
	names := []string{corpus.UpstreamA, corpus.UpstreamB}
	var pairs []string
	for _, name := range names {
		server := httptest.NewServer(upstream(name))
		l.upstreams = append(l.upstreams, server)
		pairs = append(pairs, name, server.Listener.Addr().String())
	}
	l.hosts = strings.NewReplacer(pairs...)
	return l, l.migrate(ctx)
}

// installed returns the folder of the installed release.
func installed(ctx context.Context) (string, error) {
	if dir := os.Getenv("ORBIT_TEST_BUNDLE"); dir != "" {
		return dir, nil
	}
	cache, err := bundle.DefaultDir()
	if err != nil {
		return "", err
	}
	store, err := bundle.NewStore(bundle.Options{Dir: cmp.Or(os.Getenv("ORBIT_CACHE_DIR"), cache), Progress: func(what string) { fmt.Println(what) }})
	if err != nil {
		return "", err
	}
	release := backstage.Default()
	base, err := store.Ensure(ctx, bundle.Release{Version: release.Version, Manifest: release.Manifest, Lockfile: release.Lockfile}, nil)
	return base.Dir, err
}

// migrate makes the seed.
func (l *lab) migrate(ctx context.Context) error {
	if err := l.exec(ctx, "CREATE DATABASE "+seed); err != nil {
		return fmt.Errorf("make the seed: %w", err)
	}
	base, diagnostics := appconfig.Parse(l.corpus.Base)
	if len(diagnostics) > 0 {
		return fmt.Errorf("read the base document: %s", diagnostics[0])
	}
	empty, _ := appconfig.Parse("catalog: {locations: null}")
	i, err := l.boot(ctx, appconfig.Merge(base, empty), seed)
	if err != nil {
		return fmt.Errorf("boot with the base document: %w", err)
	}
	l.stop(ctx, i)
	l.background.Wait() // a database that somebody is connected to is no template
	return nil
}

// start boots a process with the document on a copy of the seed.
func (l *lab) start(ctx context.Context, document appconfig.Document) (*instance, error) {
	l.copies++
	database := fmt.Sprintf("copy%d", l.copies)
	if err := l.exec(ctx, "CREATE DATABASE "+database+" TEMPLATE "+seed); err != nil {
		return nil, fmt.Errorf("copy the seed: %w", err)
	}
	return l.boot(ctx, document, database)
}

// boot activates the standby that was prepared and prepares the next one, which loads its modules while the caller
// observes.
func (l *lab) boot(ctx context.Context, document appconfig.Document, database string) (*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	standby := l.next
	if standby == nil {
		standby = l.prepare(ctx)
	}
	l.next = nil
	var ready prepared
	select {
	case ready = <-standby:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if ready.err != nil {
		return nil, ready.err
	}
	i := &instance{lab: l, workspace: ready.workspace, database: database, process: ready.process}
	if err := i.process.Activate(ctx, runtime.Boot{Config: i.config(document)}); err != nil {
		l.stop(ctx, i)
		return nil, err
	}
	l.next = l.prepare(context.WithoutCancel(ctx))
	return i, nil
}

// prepared is a process in standby.
type prepared struct {
	workspace string
	process   runtime.Process
	err       error
}

func (l *lab) prepare(ctx context.Context) <-chan prepared {
	l.started++
	workspace := fmt.Sprintf("p%d", l.started)
	done := make(chan prepared, 1)
	l.background.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, bootTimeout)
		defer cancel()
		p, err := l.runtime.Start(ctx, runtime.Spec{Workspace: workspace, ID: "p", Bundle: l.bundle, MemoryLimitMiB: memoryMiB})
		done <- prepared{workspace, p, err}
	})
	return done
}

// stop ends the process and drops its database, in the background.
func (l *lab) stop(ctx context.Context, i *instance) {
	if i == nil {
		return
	}
	l.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err := errors.Join(i.process.Stop(ctx, time.Second), l.runtime.Destroy(ctx, i.workspace))
		if i.database != "" && i.database != seed {
			err = errors.Join(err, l.exec(ctx, "DROP DATABASE IF EXISTS "+i.database+" WITH (FORCE)"))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "stop "+i.workspace+": "+err.Error())
		}
	})
}

// exec runs a statement; the connection is for one at a time.
func (l *lab) exec(ctx context.Context, statement string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.sql.Exec(ctx, statement)
	return err
}

// close ends everything; it returns the error that it was given with its own.
func (l *lab) close(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	l.stop(ctx, l.home)
	if l.next != nil {
		if ready := <-l.next; ready.err == nil {
			l.stop(ctx, &instance{workspace: ready.workspace, process: ready.process})
		}
	}
	l.background.Wait()
	if l.runtime != nil {
		err = errors.Join(err, l.runtime.Close())
	}
	for _, server := range l.upstreams {
		server.CloseClientConnections()
		server.Close()
	}
	if l.sql != nil {
		err = errors.Join(err, l.sql.Close(ctx))
	}
	if l.postgres != nil {
		err = errors.Join(err, l.postgres.Stop(ctx))
	}
	return errors.Join(err, os.RemoveAll(l.dir))
}
