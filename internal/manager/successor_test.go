package manager

import (
	"context"
	"net"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// A process that is started with the socket must not make it one that blocks: this process still accepts on it.
func TestASocketThatIsPassedOnStaysNonBlocking(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	file, err := duplicate(listener.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	command := exec.CommandContext(context.Background(), "true")
	command.ExtraFiles = append(command.ExtraFiles, file)
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	flags, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	if flags&unix.O_NONBLOCK == 0 {
		t.Error("the socket blocks")
	}
}
