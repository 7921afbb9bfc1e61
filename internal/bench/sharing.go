package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
)

// ordinary is the user of an orbitd that shall not be root; PostgreSQL wants one that passwd knows.
const ordinary = "nobody"

// sharingSite is the site of an orbitd that runs as an ordinary user, so that its instances share one user and its
// standbys: this program's own user, unless that is root.
func (b *bench) sharingSite(ctx context.Context) (*site, error) {
	if os.Geteuid() != 0 {
		return b.site(ctx)
	}
	if b.sharing != nil {
		return b.sharing, nil
	}
	programs, err := b.installed(ctx)
	if err != nil {
		return nil, err
	}
	credential, err := credentialOf(ordinary)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, ordinary)
	// The folders become that user's in a moment, what is in them is only read.
	if err := errors.Join(os.Mkdir(dir, 0o755), managertest.Borrow(filepath.Join(dir, "cache"), programs.bundle)); err != nil {
		return nil, fmt.Errorf("make room for user %s: %w", ordinary, err)
	}
	for _, name := range []string{"", "cache", "cache/bundles", "cache/derived", "data", "run"} {
		folder := filepath.Join(dir, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, fmt.Errorf("make room for user %s: %w", ordinary, err)
		}
		if err := os.Chown(folder, int(credential.Uid), int(credential.Gid)); err != nil {
			return nil, fmt.Errorf("make room for user %s: %w", ordinary, err)
		}
	}
	b.sharing, err = b.open(ctx, &workbench.Orbitd{
		DataDir: filepath.Join(dir, "data"), Credential: credential,
		Flags: []string{"--run-dir", filepath.Join(dir, "run"), "--cache-dir", filepath.Join(dir, "cache")},
	})
	return b.sharing, err
}

func credentialOf(name string) (*syscall.Credential, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("run orbitd as an ordinary user: %w", err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("run orbitd as %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("run orbitd as %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// The lines of orbitd's log that tell of standbys and boots.
const (
	standsBy = `msg="a process stands by"`
	hasBoot  = "msg=booted"
)

// logged are the lines of orbitd's log with the text.
func (s *site) logged(text string) ([]string, error) {
	file, err := os.Open(s.orbitd.LogFile())
	if err != nil {
		return nil, fmt.Errorf("read orbitd's log: %w", err)
	}
	defer func() { _ = file.Close() }()
	var found []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			found = append(found, lines.Text())
		}
	}
	return found, lines.Err()
}

// untilLogged waits until orbitd's log has so many lines with the text.
func (s *site) untilLogged(ctx context.Context, text string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	for {
		lines, err := s.logged(text)
		if err != nil || len(lines) >= n {
			return err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("wait for %d lines with %s in orbitd's log: %w", n, text, err)
		}
	}
}

// lastBoot is how long orbitd's last boot took: until the packages were loaded, and from then until Backstage was ready.
func (s *site) lastBoot() (load, start time.Duration, err error) {
	lines, err := s.logged(hasBoot)
	if err != nil {
		return 0, 0, err
	}
	if len(lines) == 0 {
		return 0, 0, fmt.Errorf("orbitd's log tells of no boot")
	}
	for name, took := range map[string]*time.Duration{"load": &load, "start": &start} {
		_, after, _ := strings.Cut(lines[len(lines)-1], " "+name+"=")
		value, _, _ := strings.Cut(after, " ")
		if *took, err = time.ParseDuration(value); err != nil {
			return 0, 0, fmt.Errorf("read orbitd's log: %w", err)
		}
	}
	return load, start, nil
}
