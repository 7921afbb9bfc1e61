package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
)

// query asks the manager's database of the server for one text.
func query(t *testing.T, server *postgres.Embedded, statement string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL(postgres.ManagerDatabase))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	var answer string
	err = conn.QueryRow(ctx, statement).Scan(&answer)
	return answer, err
}

// runs says whether a process works in the folder, as every process of a server does in its data directory.
func runs(t *testing.T, dir string) bool {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == dir {
			return true
		}
	}
	return false
}

func TestTheServerListensOnASocketWithPasswordsOnly(t *testing.T) {
	t.Parallel()
	sharedCluster(t)
	for setting, want := range map[string]string{
		"listen_addresses": "", "max_connections": "600", "shared_buffers": "128MB", "server_encoding": "UTF8",
		"password_encryption": "scram-sha-256", "unix_socket_permissions": "0777",
	} {
		if got, err := query(t, shared.server, "SHOW "+setting); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", setting, got, err, want)
		}
	}
	methods, err := query(t, shared.server, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules")
	if err != nil || methods != "scram-sha-256" {
		t.Errorf("the methods of authentication are %q, %v", methods, err)
	}
	locale, err := query(t, shared.server,
		"SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = current_database()")
	if err != nil || locale != "b C.UTF-8" {
		t.Errorf("the locale is %q, %v", locale, err)
	}
}

func TestWhatTheServerKeepsIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	start(t, options)
	for name, want := range map[string]os.FileMode{options.DataDir: 0o700, options.DataDir + ".password": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", name, info.Mode().Perm(), want)
		}
		owner := info.Sys().(*syscall.Stat_t).Uid
		if os.Geteuid() == 0 && (owner == 0) != strings.HasSuffix(name, ".password") {
			t.Errorf("%s belongs to user %d", name, owner)
		}
	}
	leftovers, err := filepath.Glob(filepath.Join(options.RunDir, "*", ".password*"))
	if err != nil || len(leftovers) > 0 {
		t.Errorf("the lent password was left: %v, %v", leftovers, err)
	}
}

func TestAServerIsAdoptedByTheNextManager(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	first := start(t, options)
	pid := first.PID()
	first.Close()
	options.RunDir = filepath.Join(filepath.Dir(options.RunDir), "elsewhere") // the server stays where it is
	second := start(t, options)
	if second.PID() != pid {
		t.Errorf("the server has pid %d, want the adopted %d", second.PID(), pid)
	}
	if _, err := query(t, second, "SELECT 'here'"); err != nil {
		t.Error(err)
	}
	stop(t, second)
	if runs(t, options.DataDir) {
		t.Error("a process of the server lives on")
	}
	stop(t, second) // idempotent
}

func TestDataOutlivesAStop(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	first := start(t, options)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, first.URL(postgres.ManagerDatabase))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE kept AS SELECT 'yes' AS answer"); err != nil {
		t.Fatal(err)
	}
	stop(t, first) // with a session open
	if err := conn.Ping(ctx); err == nil {
		t.Error("the session outlived the server")
	}
	second := start(t, options)
	if answer, err := query(t, second, "SELECT answer FROM kept"); err != nil || answer != "yes" {
		t.Errorf("after the restart: %q, %v", answer, err)
	}
}

func TestAServerThatCrashesIsStartedAgain(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	server := start(t, options)
	for name, adopted := range map[string]bool{"its own": false, "adopted": true} {
		if adopted {
			server.Close()
			server = start(t, options)
		}
		pid := server.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, name+" server is back", func() bool {
			_, err := query(t, server, "SELECT 'back'")
			return err == nil && server.PID() != pid
		})
	}
}

func TestAStalePIDFileOfAnotherProcessIsNotAdoptedAndDoesNotHinder(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	first := start(t, options)
	name := filepath.Join(options.DataDir, "postmaster.pid")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	stop(t, first)

	other := exec.CommandContext(t.Context(), "sleep", "600") // of the server's user, as after a reboot
	other.Dir = "/"
	if os.Geteuid() == 0 {
		other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	_, rest, _ := strings.Cut(string(text), "\n")
	overwrite(t, name, fmt.Sprintf("%d\n%s", other.Process.Pid, rest))
	if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	second := start(t, options)
	if second.PID() == other.Process.Pid {
		t.Error("a process that is no server was adopted")
	}
}

func TestAStartThatFailsSaysWhyAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(t *testing.T, options *postgres.Options)
		says   string
	}{
		"data of another version": {func(t *testing.T, o *postgres.Options) {
			overwrite(t, filepath.Join(o.DataDir, "PG_VERSION"), "17\n")
		}, "the data is of PostgreSQL 17 and this release runs PostgreSQL 18"},
		"a broken postgresql.conf": {func(t *testing.T, o *postgres.Options) {
			overwrite(t, filepath.Join(o.DataDir, "postgresql.conf"), "nonsense = 1\n")
		}, "nonsense"},
		"a lost password": {func(t *testing.T, o *postgres.Options) {
			if err := os.Remove(o.DataDir + ".password"); err != nil {
				t.Fatal(err)
			}
		}, "put " /* the file */},
		"a wrong password": {func(t *testing.T, o *postgres.Options) {
			overwrite(t, o.DataDir+".password", "wrong\n")
		}, "is not this server's"},
		"a run folder with a long path": {func(_ *testing.T, o *postgres.Options) {
			o.RunDir = filepath.Join(o.RunDir, strings.Repeat("x", 100))
		}, "choose a shorter --run-dir"},
		"programs that are not there": {func(_ *testing.T, o *postgres.Options) {
			o.BinDir = filepath.Join(o.RunDir, "none")
		}, "no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := newOptions(t)
			stop(t, start(t, options))
			test.damage(t, &options)
			server, err := postgres.StartEmbedded(t.Context(), options)
			if err == nil {
				stop(t, server)
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), options.DataDir) {
				t.Errorf("the error is %v, want one with %q", err, test.says)
			}
			if runs(t, options.DataDir) {
				t.Error("a process of the server lives on")
			}
		})
	}
}

func TestAFirstStartThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	building := options.DataDir + ".new"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := postgres.StartEmbedded(ctx, options)
		ended <- err
	}()
	eventually(t, "initdb is at work", func() bool { return runs(t, building) })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("StartEmbedded gave %v, want a cancelled context", err)
	}
	if _, err := os.Stat(building); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is there: %v", building, err)
	}
	if runs(t, building) || runs(t, options.DataDir) {
		t.Error("a process lives on")
	}
	start(t, options)
}

func TestRootIsToldWhereTheServersUserCannotGo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another user")
	}
	options := newOptions(t)
	barred := filepath.Join(filepath.Dir(options.DataDir), "private")
	if err := os.Mkdir(barred, 0o700); err != nil {
		t.Fatal(err)
	}
	options.DataDir = filepath.Join(barred, "data")
	_, err := postgres.StartEmbedded(t.Context(), options)
	if err == nil || !strings.Contains(err.Error(), "cannot enter "+barred) {
		t.Errorf("StartEmbedded gave %v", err)
	}
}

func TestStopRunningEndsAServerThatNobodyHolds(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	start(t, options).Close()
	for range 2 { // the second time there is none
		if err := postgres.StopRunning(t.Context(), options.DataDir); err != nil {
			t.Fatal(err)
		}
		if runs(t, options.DataDir) {
			t.Error("a process of the server lives on")
		}
	}
}

func overwrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually polls: the end and the return of a server that another process runs give the test no signal.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(testTimeout)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", testTimeout, what)
		case <-ticker.C:
		}
	}
}

func TestAServerWhoseSocketWasRemovedIsStartedAgain(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	first := start(t, options)
	pid := first.PID()
	first.Close()
	// As at the logout of the user whose runtime folder it was in.
	if err := os.RemoveAll(options.RunDir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(options.RunDir, 0o755); err != nil { // the server's user passes through it
		t.Fatal(err)
	}
	second := start(t, options)
	if second.PID() == pid {
		t.Errorf("the server still has pid %d, which nobody can reach", pid)
	}
	if _, err := query(t, second, "SELECT 'here'"); err != nil {
		t.Error(err)
	}
	stop(t, second)
}

func TestPasswordsThatAKilledStartLeftAreRemoved(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	server := start(t, options)
	stop(t, server)
	lent, err := filepath.Glob(filepath.Join(options.RunDir, "*"))
	if err != nil || len(lent) != 1 {
		t.Fatalf("the folders of sockets are %v, %v, want one", lent, err)
	}
	overwrite(t, filepath.Join(lent[0], ".password-123"), "secret\n")
	start(t, options)
	if left, err := filepath.Glob(filepath.Join(lent[0], ".password-*")); err != nil || len(left) != 0 {
		t.Errorf("after the next start there is %v, %v, want none", left, err)
	}
}

func TestAPasswordThatAKilledStartWroteHalfIsRemoved(t *testing.T) {
	t.Parallel()
	options := newOptions(t)
	half := options.DataDir + ".password-123"
	if err := os.WriteFile(half, []byte("sec"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, options)
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the next start it is there still: %v", err)
	}
}
