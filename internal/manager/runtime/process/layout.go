package process

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSocketPath is the number of bytes a Unix socket's path may have: sun_path of unix(7) without its final zero.
const maxSocketPath = 107

const socketSuffix = ".sock"

// Lengths of the names that become parts of paths; see runtime.Spec and orbit.MaxWorkspaceLength.
const (
	maxWorkspace = 40
	maxProcessID = 20
	hashLength   = 12
)

var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// layout says where things are:
//
//	RunDir/<hash of the workspace>/<process>.sock   control socket; the folder belongs to the workspace's user
//	DataDir/instances/<workspace>/log/              log files, orbitd's own
//	DataDir/instances/<workspace>/home              HOME, of the workspace's user, as are
//	DataDir/instances/<workspace>/cache             Node's compile cache and
//	DataDir/instances/<workspace>/tmp               TMPDIR
//
// Standbys of no workspace have such folders too, under a name that no workspace can have.
//
// Everything that a workspace's user can write to is inside a folder that only orbitd can write to. Nothing is made or
// changed by orbitd inside the former, where the user could put a link in its way.
type layout struct {
	run, instances string
}

// folderName is the name of the workspace's folder; also that of no workspace, "", has one.
func folderName(workspace string) string {
	if workspace == "" {
		return ".standby"
	}
	return workspace
}

// newLayout makes the folders that all workspaces share.
func newLayout(runDir, dataDir string) (layout, error) {
	l := layout{run: filepath.Clean(runDir), instances: filepath.Join(dataDir, "instances")}
	longest := len(l.run) + 1 + hashLength + 1 + maxProcessID + len(socketSuffix)
	if longest > maxSocketPath {
		return l, fmt.Errorf("the runtime folder %s is too long: control sockets in it would have %d bytes and "+
			"Linux allows %d; choose a shorter folder", l.run, longest, maxSocketPath)
	}
	for _, dir := range []string{l.run, l.instances} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return l, fmt.Errorf("make the folder %s: %w", dir, err)
		}
		if err := os.Chmod(dir, sharedMode()); err != nil {
			return l, fmt.Errorf("make the folder %s passable: %w", dir, err)
		}
	}
	return l, nil
}

// sharedMode is the mode of folders on the way to a workspace's own: its user passes them where it is another one.
func sharedMode() fs.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

func (l layout) instance(workspace string) string {
	return filepath.Join(l.instances, folderName(workspace))
}
func (l layout) home(workspace string) string  { return filepath.Join(l.instance(workspace), "home") }
func (l layout) cache(workspace string) string { return filepath.Join(l.instance(workspace), "cache") }
func (l layout) tmp(workspace string) string   { return filepath.Join(l.instance(workspace), "tmp") }
func (l layout) logs(workspace string) string  { return filepath.Join(l.instance(workspace), "log") }

func (l layout) sockets(workspace string) string {
	sum := sha256.Sum256([]byte(workspace))
	return filepath.Join(l.run, hex.EncodeToString(sum[:])[:hashLength])
}

func (l layout) socket(workspace, id string) string {
	return filepath.Join(l.sockets(workspace), id+socketSuffix)
}

// prepare makes the workspace's folders for the user.
func (l layout) prepare(workspace string, user uint32) error {
	self := uint32(os.Geteuid())
	if err := folder(l.instance(workspace), sharedMode(), self); err != nil {
		return err
	}
	if err := folder(l.logs(workspace), 0o700, self); err != nil {
		return err
	}
	for _, dir := range []string{l.home(workspace), l.cache(workspace), l.tmp(workspace), l.sockets(workspace)} {
		if err := folder(dir, 0o700, user); err != nil {
			return err
		}
	}
	return nil
}

// folder makes the folder with this mode and owner. One that belongs to another user is made anew: a workspace's folders
// hold nothing that has to outlive a change of its user.
func folder(dir string, mode fs.FileMode, owner uint32) error {
	err := os.Mkdir(dir, mode)
	if errors.Is(err, fs.ErrExist) {
		var kept bool
		if kept, err = owned(dir, owner); err == nil && kept {
			return os.Chmod(dir, mode)
		}
		if err == nil {
			if err = os.RemoveAll(dir); err == nil {
				err = os.Mkdir(dir, mode)
			}
		}
	}
	if err == nil {
		err = os.Chmod(dir, mode) // the umask may have taken bits away
	}
	if err == nil && int(owner) != os.Geteuid() {
		err = os.Lchown(dir, int(owner), int(owner))
	}
	if err != nil {
		return fmt.Errorf("make the folder %s for user %d: %w", dir, owner, err)
	}
	return nil
}

// owned says whether dir is a folder of this user.
func owned(dir string, user uint32) (bool, error) {
	info, err := os.Lstat(dir)
	if err != nil {
		return false, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && stat.Uid == user, nil
}

// remove removes everything of the workspace.
func (l layout) remove(workspace string) error {
	return errors.Join(os.RemoveAll(l.instance(workspace)), os.RemoveAll(l.sockets(workspace)))
}

// checkNames refuses names that could not be parts of these paths. The workspace may be none, "".
func checkNames(workspace, id string) error {
	if workspace != "" {
		if err := checkWorkspace(workspace); err != nil {
			return err
		}
	}
	if len(id) > maxProcessID || !label.MatchString(id) {
		return fmt.Errorf("the process id %q is not a DNS label of at most %d characters", id, maxProcessID)
	}
	return nil
}

func checkWorkspace(workspace string) error {
	if len(workspace) > maxWorkspace || !label.MatchString(workspace) {
		return fmt.Errorf("the workspace %q is not a DNS label of at most %d characters", workspace, maxWorkspace)
	}
	return nil
}

// credential is what makes a process run as the user and as nothing else; nil for this program's own user.
func credential(user uint32) (*syscall.Credential, error) {
	if user == 0 {
		return nil, nil
	}
	if unix.Geteuid() != 0 {
		return nil, fmt.Errorf("only root can run an instance as user %d", user)
	}
	return &syscall.Credential{Uid: user, Gid: user}, nil
}
