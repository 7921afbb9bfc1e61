package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestACommandsOutputArrivesByLine(t *testing.T) {
	t.Parallel()
	var stdout, stderr []string
	err := command{
		args:   []string{"sh", "-c", `printf 'one\ntw'; printf 'o\n%s' "$WORD"; echo wrong >&2; exit 3`},
		env:    []string{"WORD=three"},
		stdout: func(line string) { stdout = append(stdout, line) },
		stderr: func(line string) { stderr = append(stderr, line) },
	}.run(t.Context())
	if diff := cmp.Diff([]string{"one", "two", "three"}, stdout); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"wrong"}, stderr); diff != "" {
		t.Error(diff)
	}
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("err = %v", err)
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	t.Parallel()
	err := command{args: []string{"no-such-program"}, stdout: func(string) {}, stderr: func(string) {}}.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no-such-program: it is not on the PATH") {
		t.Errorf("err = %v", err)
	}
}

func TestAnInterruptReachesWhatTheCommandStarted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := time.Now()
	// The shell starts another program and waits for it; both must go at the interrupt, or the pipe stays open.
	err := command{
		args:   []string{"sh", "-c", `sh -c 'echo started; exec sleep 300'; echo not reached`},
		stdout: func(line string) { cancel() },
		stderr: func(string) {},
	}.run(ctx)
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("err = %v", err)
	}
	if took := time.Since(begun); took > grace/2 {
		t.Errorf("the interrupt took %s", took)
	}
}
