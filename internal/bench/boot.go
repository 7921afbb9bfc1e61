package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	boots = 4 // without the first, which fills the database
	// bootUser is the user of the processes when the bench runs as root; it needs no entry in passwd.
	bootUser = 61873
)

// yard is where processes are booted without an orbitd: a PostgreSQL and a process runtime.
type yard struct {
	runtime  *process.Runtime
	spec     runtime.Spec
	document json.RawMessage
	closers  []func() error
}

// benchBoot boots a real Backstage on a database that has what it needs, and looks at it half way, when it stands by.
func benchBoot(ctx context.Context, b *bench) (err error) {
	programs, err := b.installed(ctx)
	if err != nil {
		return err
	}
	y, err := openYard(ctx, filepath.Join(b.dir, "yard"), programs.bundle)
	defer func() { err = errors.Join(err, y.close()) }()
	if err != nil {
		return err
	}
	var first float64
	var all, activated, waiting, serving []float64
	for i := range boots + 1 {
		b.say("boot: %d of %d", i, boots)
		one, err := y.boot(ctx, fmt.Sprint("p", i))
		if err != nil {
			return err
		}
		if took := (one.start + one.activate).Seconds(); i == 0 {
			first = took
		} else {
			all = append(all, took)
			activated = append(activated, one.activate.Seconds())
			waiting = append(waiting, megabytes(one.standbyBytes))
			serving = append(serving, megabytes(one.servingBytes))
		}
	}
	b.bootSeconds = median(all)
	b.add(figure{"first_boot_s", first, "s", "on a database that has what it needs", median(all)},
		figure{"boot_s", median(all), "s", "from a standby", median(activated)},
		figure{"standby_rss_mb", median(waiting), "MB", "the same process when it has just booted", median(serving)})
	return nil
}

// booted is one boot.
type booted struct {
	start, activate            time.Duration
	standbyBytes, servingBytes int64
}

func (y *yard) boot(ctx context.Context, id string) (_ booted, err error) {
	var one booted
	spec := y.spec
	spec.ID = id
	begin := time.Now()
	p, err := y.runtime.Start(ctx, spec)
	if err != nil {
		return one, err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, p.Stop(stop, time.Second))
	}()
	one.start = time.Since(begin)
	if one.standbyBytes, err = memory(ctx, p); err != nil {
		return one, err
	}
	begin = time.Now()
	if err := p.Activate(ctx, runtime.Boot{Config: runtime.Config{Document: y.document}}); err != nil {
		return one, err
	}
	one.activate = time.Since(begin)
	one.servingBytes, err = memory(ctx, p)
	return one, err
}

func memory(ctx context.Context, p runtime.Process) (int64, error) {
	stats, err := p.Stats(ctx)
	return stats.MemoryBytes, err
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// openYard starts a PostgreSQL with an empty database. What it returns is to be closed, also with an error.
func openYard(ctx context.Context, dir, installed string) (*yard, error) {
	y := &yard{spec: runtime.Spec{Workspace: workspace, Bundle: installed, MemoryLimitMiB: orbit.DefaultMemoryLimitMiB}}
	if os.Geteuid() == 0 {
		y.spec.UserID = bootUser
	}
	hostDir := filepath.Join(dir, "host")
	for _, folder := range []string{dir, hostDir, filepath.Join(dir, "run")} {
		if err := os.MkdirAll(folder, 0o755); err != nil { // processes run as other users
			return y, fmt.Errorf("make room for boots: %w", err)
		}
	}
	if err := os.CopyFS(hostDir, backstage.Host()); err != nil {
		return y, fmt.Errorf("write the host: %w", err)
	}
	if err := writeCatalog(dir); err != nil {
		return y, err
	}
	server, err := postgres.StartEmbedded(ctx, postgres.Options{
		BinDir: filepath.Join(bundle.PostgresDir(installed), "bin"), DataDir: filepath.Join(dir, "postgres"),
		RunDir: filepath.Join(dir, "run"),
	})
	if err != nil {
		return y, err
	}
	y.closers = append(y.closers, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return server.Stop(ctx)
	})
	cluster, err := postgres.OpenCluster(ctx, server.URL(postgres.ManagerDatabase), nil)
	if err != nil {
		return y, err
	}
	y.closers = append(y.closers, func() error { cluster.Close(); return nil })
	password := rand.Text()
	if err := cluster.EnsureDatabase(ctx, workspace, password); err != nil {
		return y, err
	}
	y.document = json.RawMessage(encode(bootable(declared{origin: "http://localhost:3000", catalog: dir},
		cluster.ConnectionFor(workspace), password)))
	y.runtime, err = process.New(process.Options{ //nolint:contextcheck // it lives until its Close
		RunDir: filepath.Join(dir, "run", "i"), DataDir: dir, HostDir: hostDir,
	})
	if err == nil {
		y.closers = append(y.closers, y.runtime.Close)
	}
	return y, err
}

// bootable is the document with what orbitd adds to it that a boot needs.
func bootable(d declared, db postgres.Connection, password string) object {
	keys := d.keys()
	url := "http://" + host
	keys["app"] = object{"baseUrl": url, "title": "Bench"}
	keys["backend"] = object{
		"baseUrl": url, "listen": object{"host": "127.0.0.1"}, "cors": object{"origin": d.origin},
		"database": object{
			"client": "pg", "pluginDivisionMode": "schema", "ensureExists": false, "ensureSchemaExists": true,
			"connection": object{
				"host": db.Host, "port": db.Port, "user": db.User, "password": password, "database": db.Database,
			},
			"knexConfig": object{"pool": object{"min": 0, "max": 4}},
		},
	}
	keys["events"] = object{"useEventBus": "never"}
	return keys
}

func (y *yard) close() error {
	var failures []error
	for i := len(y.closers) - 1; i >= 0; i-- {
		failures = append(failures, y.closers[i]())
	}
	return errors.Join(failures...)
}
