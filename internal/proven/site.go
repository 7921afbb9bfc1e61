package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	startTimeout = 10 * time.Minute // a first start installs the release
	stopTimeout  = time.Minute
	// writeDeadline is what an instance has to install its packages and to boot.
	writeDeadline = 3 * time.Minute
	// verdictTimeout bounds the wait for orbitd's verdict, which keeps that deadline itself.
	verdictTimeout = writeDeadline + time.Minute
	// settleTime is how long an instance serves before its memory is looked at: what is scheduled at the start has run
	// by then.
	settleTime = 10 * time.Second
	// logLines is as much of a log as orbitd gives at once.
	logLines = 5000
)

// site is a real orbitd in a folder of its own.
type site struct {
	dir     string
	orbitd  *workbench.Orbitd
	client  *orbit.Client
	release string
	count   int // of the instances so far
}

// open builds orbitd from this checkout and starts it. What it returns is to be closed, also with an error.
func open(ctx context.Context, release string) (*site, error) {
	dir, err := os.MkdirTemp("", "orbit-proven-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	s := &site{dir: dir, release: release}
	if err := os.Chmod(dir, 0o755); err != nil { // as root every instance runs as a user of its own
		return s, fmt.Errorf("open the folder: %w", err)
	}
	binary := filepath.Join(dir, "orbitd")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/orbitd").CombinedOutput(); err != nil {
		return s, fmt.Errorf("build orbitd (in the checkout's root): %w\n%s", err, output)
	}
	api, err := workbench.FreeAddress(ctx)
	if err != nil {
		return s, err
	}
	gateway, err := workbench.FreeAddress(ctx)
	if err != nil {
		return s, err
	}
	s.orbitd = &workbench.Orbitd{
		Binary: binary, DataDir: filepath.Join(dir, "data"), Endpoint: "http://" + api,
		Flags: []string{
			"--gateway-listen", gateway, "--run-dir", filepath.Join(dir, "run"), "--drain-timeout", "1s", "--allow-packages", "*",
		},
		Progress: func(doing string) { fmt.Println(doing) },
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := s.orbitd.Ensure(ctx); err != nil {
		return s, fmt.Errorf("start orbitd: %w", err)
	}
	s.client, err = s.orbitd.Client()
	return s, err
}

// close stops orbitd, its instances and PostgreSQL, also after an interrupt.
func (s *site) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	var err error
	if s.orbitd != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if _, missing := os.Stat(s.orbitd.DataDir); missing == nil {
			_, err = s.orbitd.Stop(ctx, true)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// running is an instance as it was when it had settled.
type running struct {
	boot    time.Duration
	memory  int64           // in bytes
	plugins map[string]bool // the ids that Backstage says it has initialised
}

// next is the name of an instance that was not there before.
func (s *site) next() (workspace string) {
	s.count++
	return fmt.Sprint("proven-", s.count)
}

// boot boots an instance with the plugins and looks at it. One that does not boot gives an *orbit.Problem. Either way it
// is to be removed.
func (s *site) boot(ctx context.Context, workspace string, plugins map[string]orbit.PluginSpec, config string) (running, error) {
	change, err := s.client.PutInstance(ctx, workspace, orbit.IfAbsent(), orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{
			Release: s.release, Config: config, Plugins: plugins, MemoryLimitMiB: orbit.DefaultMemoryLimitMiB,
		},
		WriteOptions: orbit.WriteOptions{DeadlineSeconds: int(writeDeadline.Seconds())},
	})
	if err != nil {
		return running{}, err
	}
	if err := s.verdict(ctx, change); err != nil {
		return running{}, err
	}
	return s.look(ctx, workspace)
}

// verdict waits for the change to be applied.
func (s *site) verdict(ctx context.Context, change *orbit.Change) error {
	ctx, cancel := context.WithTimeout(ctx, verdictTimeout)
	defer cancel()
	change, err := s.client.WaitChange(ctx, change.ID, nil)
	switch {
	case err != nil:
		return err
	case change.State == orbit.ChangeApplied:
		return nil
	case change.Problem == nil:
		return fmt.Errorf("the change is %s", change.State)
	}
	return change.Problem
}

func (s *site) look(ctx context.Context, workspace string) (running, error) {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return running{}, ctx.Err()
	}
	instance, err := s.client.GetInstance(ctx, workspace)
	if err != nil {
		return running{}, err
	}
	if instance.Status.Phase != orbit.PhaseReady || instance.Status.StartedAt == nil {
		return running{}, errors.New("the process was ready and then ended")
	}
	logs, err := s.client.GetLogs(ctx, workspace, logLines)
	if err != nil {
		return running{}, err
	}
	r := running{memory: instance.Status.MemoryBytes, plugins: initialised(logs.Lines)}
	for _, c := range instance.Status.Conditions {
		if c.Type == orbit.ConditionReady {
			r.boot = c.LastTransitionTime.Sub(*instance.Status.StartedAt)
		}
	}
	return r, nil
}

// remove deletes the instance and waits until it is gone. One that was refused, or whose first boot failed, is gone
// already.
func (s *site) remove(ctx context.Context, workspace string) error {
	instance, err := s.client.GetInstance(ctx, workspace)
	if orbit.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	change, err := s.client.DeleteInstance(ctx, workspace, orbit.IfMatch(instance.ETag))
	if orbit.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.verdict(ctx, change)
}
