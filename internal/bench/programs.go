package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// programs are the processes that a bench started. close ends them.
type programs struct{ stops []func() }

// start starts the command, which close ends with the signal.
func (p *programs) start(command *exec.Cmd, end syscall.Signal) error {
	command.Cancel = func() error { return command.Process.Signal(end) } // a master that is killed leaves its workers
	if err := command.Start(); err != nil {
		return err
	}
	p.stops = append(p.stops, func() {
		_ = command.Process.Signal(end) // one that has ended needs no signal
		_ = command.Wait()
	})
	return nil
}

// self starts this program as one that serves and returns its address.
func (p *programs) self(ctx context.Context, what, behind string) (address string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("start the %s: %w", what, err)
	}
	command := exec.CommandContext(ctx, program, "-serve", what, "-behind", behind)
	command.Stderr = os.Stderr
	if _, err := command.StdinPipe(); err != nil { // held open: its end is the program's
		return "", fmt.Errorf("start the %s: %w", what, err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("start the %s: %w", what, err)
	}
	if err := p.start(command, syscall.SIGTERM); err != nil {
		return "", fmt.Errorf("start the %s: %w", what, err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("start the %s: it said no address: %w", what, err)
	}
	return strings.TrimSpace(line), nil
}

func (p *programs) close() {
	for _, stop := range p.stops {
		stop()
	}
}
