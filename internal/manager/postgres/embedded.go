package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Superuser is the embedded server's superuser, which the manager connects as.
	Superuser = "orbit"
	// ManagerDatabase is the manager's own database in the embedded server.
	ManagerDatabase = "orbit"

	// port only names the socket file: the server listens on no network.
	port = 5432
	// startTimeout is how long a start may take when the caller's context has no deadline. It covers the recovery
	// after a crash.
	startTimeout = 2 * time.Minute
	// Bounds of the pause before a server that ended by itself is started again.
	minRestartPause = 100 * time.Millisecond
	maxRestartPause = 30 * time.Second
	// steadyAfter is how long a server must have run for its end to count as the first one again.
	steadyAfter = time.Minute
)

// Options say what an embedded server runs from and where it keeps its data.
type Options struct {
	// BinDir holds initdb and postgres.
	BinDir string
	// DataDir is the server's data directory. It is made at the first start; its parent is there. The superuser's
	// password is kept beside it, in DataDir with ".password" appended.
	DataDir string
	// RunDir is where the folder of the server's socket is made. A socket's path has at most 107 bytes, so it is short.
	RunDir string
	// User is, when orbitd runs as root, the user that the server runs as, because PostgreSQL refuses to run as root.
	// Empty means the owner of DataDir, and for a new one the first of orbit, postgres and nobody that exists.
	User string
	// Logger takes the server's starts and ends; nil discards them. The server's own log is in DataDir/log.
	Logger *slog.Logger
}

// Embedded is a PostgreSQL server of Orbit's own. It listens on a Unix socket only and outlives orbitd: Close leaves it
// running for the next orbitd to adopt, Stop ends it. While it is neither closed nor stopped, a server that ends by
// itself is started again.
type Embedded struct {
	options  Options
	account  account
	password string
	// socketDir is the folder of the server's socket; it stays the same for as long as a server runs.
	socketDir string
	logger    *slog.Logger

	endSupervision context.CancelFunc
	supervised     chan struct{}

	adopted bool

	mu     sync.Mutex
	server *postmaster
}

// StartEmbedded adopts the server that runs on options.DataDir, or starts one, and returns when it takes connections.
// The database ManagerDatabase is there then, and PUBLIC cannot connect to any database.
func StartEmbedded(ctx context.Context, options Options) (*Embedded, error) {
	e := &Embedded{options: options, logger: options.Logger, supervised: make(chan struct{})}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	if err := e.begin(ctx); err != nil {
		return nil, fmt.Errorf("start PostgreSQL in %s: %w", options.DataDir, err)
	}
	supervision, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.endSupervision = cancel
	go func() {
		defer close(e.supervised)
		e.supervise(supervision)
	}()
	return e, nil
}

func (e *Embedded) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var err error
	for _, dir := range []*string{&e.options.BinDir, &e.options.DataDir, &e.options.RunDir} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	if e.account, err = chooseAccount(e.options.User, e.options.DataDir); err != nil {
		return err
	}
	if err := e.account.check(e.options); err != nil {
		return err
	}
	if err := checkVersion(ctx, e.options.BinDir, e.options.DataDir); err != nil {
		return err
	}
	if e.password, err = loadPassword(e.options.DataDir); err != nil {
		return err
	}
	server, ok := findPostmaster(e.options.DataDir)
	if ok && !server.reachable() {
		// Its socket's folder was removed, as a user's runtime folder is at logout. No instance can reach it either.
		e.logger.WarnContext(ctx, "PostgreSQL runs without its socket; starting it again", "pid", server.pid)
		if err := server.stop(ctx); err != nil {
			return fmt.Errorf("stop the server with pid %d, whose socket is gone: %w", server.pid, err)
		}
		ok = false
	}
	if ok {
		if err := e.adopt(ctx, server); err != nil {
			server.abandon() // instances may be using it
			return fmt.Errorf("adopt the server with pid %d: %w", server.pid, err)
		}
		return nil
	}
	if e.socketDir, err = e.makeSocketDir(); err != nil {
		return err
	}
	if err := removePasswords(e.socketDir, lentPassword); err != nil {
		return err
	}
	if err := e.initialise(ctx); err != nil {
		return err
	}
	if e.server, err = e.launch(ctx); err != nil {
		return err
	}
	if err := e.prepare(ctx); err != nil {
		return errors.Join(err, stopHalfStarted(ctx, e.server))
	}
	return nil
}

func (e *Embedded) adopt(ctx context.Context, server *postmaster) error {
	if err := e.await(ctx, server); err != nil {
		return err
	}
	e.adopted = true
	// Instances know the socket where it is, so there it stays.
	e.server, e.socketDir = server, server.socketDir
	if err := e.prepare(ctx); err != nil {
		return err
	}
	e.logger.InfoContext(ctx, "adopted PostgreSQL", "pid", server.pid)
	return nil
}

// prepare makes the manager's database, and closes the ones that initdb made to everybody but the superuser.
func (e *Embedded) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, e.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := ensureDatabase(ctx, conn, ManagerDatabase, Superuser); err != nil {
		return err
	}
	for _, database := range []string{"postgres", "template1"} {
		if err := closeToPublic(ctx, conn, database); err != nil {
			return err
		}
	}
	return nil
}

// supervise starts the server again whenever it ends by itself, until ctx ends.
func (e *Embedded) supervise(ctx context.Context) {
	pause, since := minRestartPause, time.Now()
	for {
		server := e.current()
		select {
		case <-ctx.Done():
			return
		case <-server.exited:
		}
		if time.Since(since) > steadyAfter {
			pause = minRestartPause
		}
		e.logger.ErrorContext(ctx, "PostgreSQL ended by itself, starting it again",
			"pid", server.pid, "status", server.status(), "pause", pause)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, maxRestartPause)
			again, err := e.launch(ctx)
			if err == nil {
				e.mu.Lock()
				e.server, since = again, time.Now()
				e.mu.Unlock()
				break
			}
			if ctx.Err() == nil {
				e.logger.ErrorContext(ctx, "cannot start PostgreSQL again", "error", err, "pause", pause)
			}
		}
	}
}

func (e *Embedded) current() *postmaster {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}

// PID returns the process id of the server.
func (e *Embedded) PID() int { return e.current().pid }

// URL returns the URL of a database for the superuser. It contains the password: it is not for logs.
func (e *Embedded) URL(database string) string {
	query := url.Values{"host": {e.socketDir}, "port": {strconv.Itoa(port)}}
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(Superuser, e.password),
		Path:     "/" + database,
		RawQuery: query.Encode(),
	}).String()
}

// Close ends the supervision and leaves the server running. It is idempotent.
func (e *Embedded) Close() {
	e.endSupervision()
	<-e.supervised
	e.current().abandon()
}

// Adopted says whether the server ran already when StartEmbedded was called.
func (e *Embedded) Adopted() bool { return e.adopted }

// Stop ends the supervision and the server: sessions are cut and transactions rolled back. When ctx ends first the
// server is killed, which costs the next start a recovery. It is idempotent.
func (e *Embedded) Stop(ctx context.Context) error {
	e.endSupervision()
	<-e.supervised
	if err := e.current().stop(ctx); err != nil {
		return fmt.Errorf("stop PostgreSQL in %s: %w", e.options.DataDir, err)
	}
	e.logger.InfoContext(ctx, "stopped PostgreSQL")
	return nil
}

// StopRunning ends the server that runs on dataDir, whoever started it. It is no error when there is none.
func StopRunning(ctx context.Context, dataDir string) error {
	dataDir, err := filepath.Abs(dataDir)
	if err != nil {
		return err
	}
	server, ok := findPostmaster(dataDir)
	if !ok {
		return nil
	}
	if err := server.stop(ctx); err != nil {
		return fmt.Errorf("stop PostgreSQL in %s: %w", dataDir, err)
	}
	return nil
}

// await returns when the server takes connections of the superuser.
func (e *Embedded) await(ctx context.Context, server *postmaster) error {
	const poll = 30 * time.Millisecond // PostgreSQL gives no signal that works for an adopted server as well
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		err := server.ping(ctx, e.password)
		if err == nil {
			return nil
		}
		if isRefusal(err) {
			return fmt.Errorf("the password in %s is not this server's: %w", passwordFile(e.options.DataDir), err)
		}
		select {
		case <-server.exited:
			return fmt.Errorf("it ended (%s)", server.status())
		case <-ctx.Done():
			return fmt.Errorf("it takes no connections: %w", errors.Join(context.Cause(ctx), err))
		case <-ticker.C:
		}
	}
}

// makeSocketDir makes the folder of the socket: one for each data directory, with a name of fixed length.
func (e *Embedded) makeSocketDir() (string, error) {
	dir := filepath.Join(e.options.RunDir, "pg-"+shortHash(e.options.DataDir))
	const maxSocketPath = 107 // sun_path of Linux, without its closing zero
	if path := socketPath(dir); len(path) > maxSocketPath {
		return "", fmt.Errorf("the path of its socket, %s, has %d bytes and may have %d: choose a shorter --run-dir",
			path, len(path), maxSocketPath)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { // instances of other users connect
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask is
		return "", err
	}
	return dir, e.account.own(dir)
}

func socketPath(dir string) string { return filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port)) }
