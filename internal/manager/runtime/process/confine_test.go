package process_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestAProcessHasOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]uint32{"as orbitd's user": 0, "as the workspace's user": workspaceUser} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if user != 0 && os.Geteuid() != 0 {
				t.Skip("only root can run a process as another user")
			}
			l := newLab(t)
			l.user = user
			rt := l.open(t)
			p := start(t, rt, l.spec("acme", "p1"))
			pid := pidOf(t, p)
			home := filepath.Join(l.dir, "data/instances/acme")

			wantEnv := []string{
				"HOME=" + home + "/home", "NODE_COMPILE_CACHE=" + home + "/cache", "NODE_ENV=production",
				"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=" + home + "/tmp",
			}
			env := strings.Split(strings.TrimSuffix(procFile(t, pid, "environ"), "\x00"), "\x00")
			slices.Sort(env)
			if diff := cmp.Diff(wantEnv, env); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}

			owner := user
			if user == 0 {
				owner = uint32(os.Geteuid())
			}
			want := map[string]string{"Umask": "0077", "NoNewPrivs": "1"}
			if user != 0 {
				want["Uid"] = fmt.Sprintf("%d\t%d\t%d\t%d", user, user, user, user)
				want["Gid"], want["Groups"], want["CapEff"] = want["Uid"], "", "0000000000000000"
			}
			status := procFile(t, pid, "status")
			for field, value := range want {
				if got := statusField(status, field); got != value {
					t.Errorf("%s = %q, want %q", field, got, value)
				}
			}
			if session, err := unix.Getsid(pid); err != nil || session != pid {
				t.Errorf("the session is %d, %v; want its own, %d", session, err, pid)
			}
			if limits := procFile(t, pid, "limits"); !strings.Contains(limits, "Max core file size        1 ") {
				t.Errorf("core dumps are not off:\n%s", limits)
			}
			if in, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", pid)); err != nil || in != os.DevNull {
				t.Errorf("stdin is %s, %v", in, err)
			}

			shared := fs.FileMode(0o700)
			if os.Geteuid() == 0 {
				shared = 0o711
			}
			self := uint32(os.Geteuid())
			checkFile(t, filepath.Join(l.dir, "run"), fs.ModeDir|shared, self)
			checkFile(t, home, fs.ModeDir|shared, self)
			checkFile(t, home+"/log", fs.ModeDir|0o700, self)
			for _, dir := range []string{"home", "cache", "tmp"} {
				checkFile(t, filepath.Join(home, dir), fs.ModeDir|0o700, owner)
			}
			checkFile(t, only(t, home+"/log/*.log"), 0o600, self)
			checkFile(t, filepath.Dir(only(t, l.dir+"/run/*/p1.sock")), fs.ModeDir|0o700, owner)
			checkFile(t, only(t, l.dir+"/run/*/p1.sock"), fs.ModeSocket|0o600, owner)
			stop(t, p)
			if left, _ := filepath.Glob(l.dir + "/run/*/*"); len(left) > 0 {
				t.Errorf("the process left %q", left)
			}
		})
	}
}

func TestFoldersOfAnotherUserAreMadeAnew(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a process as another user")
	}
	l := newLab(t)
	rt := l.open(t)
	p := start(t, rt, l.spec("acme", "p1"))
	activate(t, p, "")
	stop(t, p)
	l.user = workspaceUser
	p = start(t, rt, l.spec("acme", "p2"))
	activate(t, p, "") // writes to TMPDIR
	checkFile(t, filepath.Join(l.dir, "data/instances/acme/tmp/scratch"), 0o600, workspaceUser)
	stop(t, p)
}

func TestAFolderThatTheUserCannotPassIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a process as another user")
	}
	l := newLab(t)
	l.user = workspaceUser
	data := filepath.Join(l.dir, "data")
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := l.open(t).Start(t.Context(), l.spec("acme", "p1"))
	if err == nil || !strings.Contains(err.Error(), "cannot pass the folder "+data+";") {
		t.Errorf("Start = %v; want the folder %s in it", err, data)
	}
}

func procFile(t *testing.T, pid int, name string) string {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func statusField(status, field string) string {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "absent"
}

// only is the one file that the pattern matches.
func only(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s matches %q, %v; want one file", pattern, paths, err)
	}
	return paths[0]
}

func checkFile(t *testing.T, path string, mode fs.FileMode, owner uint32) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	stat := info.Sys().(*syscall.Stat_t)
	if info.Mode() != mode || stat.Uid != owner {
		t.Errorf("%s has mode %s and owner %d, want %s and %d", path, info.Mode(), stat.Uid, mode, owner)
	}
}
