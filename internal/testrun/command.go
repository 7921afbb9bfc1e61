package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// grace is how long an interrupted command may take to end before its whole process group is killed.
const grace = 20 * time.Second

// A command is a program to run, with its output taken line by line.
type command struct {
	args   []string
	dir    string   // empty for this process's own
	env    []string // added to this process's own
	stdout func(line string)
	stderr func(line string)
}

// run runs the command to its end. When ctx is cancelled its process group is interrupted, then killed.
func (c command) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	stdout, stderr := &lines{each: c.stdout}, &lines{each: c.stderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = grace

	err := cmd.Run()
	stdout.flush()
	stderr.flush()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return fmt.Errorf("run %s: interrupted", c.args[0])
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("run %s: it is not on the PATH: %w", c.args[0], err)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", c.args[0], err)
	}
	return nil
}

// lines is a writer that hands on whole lines.
type lines struct {
	each func(line string)
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.each(string(line))
		l.rest = rest
	}
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.each(string(l.rest))
		l.rest = nil
	}
}
