package webapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// buildTimeout bounds a build, which takes half a minute.
const buildTimeout = 10 * time.Minute

// heap bounds Node's own part of the build's memory; the bundler's is about a gigabyte beside it.
var heap = []string{"--max-old-space-size=768", "--max-semi-space-size=8"}

// compile runs the build in its folder. It gets no environment: neither orbitd's secrets nor npm's.
func (b *Builder) compile(ctx context.Context, node, work string, plugins []bundle.Plugin, progress func(time.Duration)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, buildTimeout, fmt.Errorf("it took longer than %s", buildTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, node, append(heap, "build.cjs")...)
	cmd.Dir = work
	cmd.Env = []string{"HOME=" + work, "TMPDIR=" + work, "PATH=" + filepath.Dir(node), "NO_COLOR=1", "NODE_ENV=production"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if b.UserID != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: b.UserID, Gid: b.UserID, NoSetGroups: false}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with all it started
	cmd.WaitDelay = time.Second
	output := &tail{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the build: %w", err)
	}
	end := bundle.Tell(progress)
	err := cmd.Wait()
	end()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("build the web app: %w", context.Cause(ctx))
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() < 0 {
		return fmt.Errorf("build the web app: %w (was it out of memory? A build takes up to 1.5 GB)", err)
	}
	return failure(output.String(), work, plugins)
}

// maxWords bounds what is kept and told of what the compiler says, in bytes.
const maxWords = 4096

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
	// inPackage is the name of a package in the path of one of its files.
	inPackage = regexp.MustCompile(`node_modules/((?:@[^/'"\s]+/)?[^/'"\s]+)/`)
)

// failure is the error for a build that failed: the compiler's own words, and the plugin that they name.
func failure(output, work string, plugins []bundle.Plugin) error {
	words := colours.ReplaceAllString(output, "")
	if _, after, found := strings.Cut(words, "Error: "); found { // what comes before is of interest to nobody
		words = after
	}
	words = withoutFolders(strings.TrimSpace(words), work)
	e := &bundle.Error{Code: orbit.CodeAppBuildFailed, Detail: "the web app does not build with it: " + words}
	for _, match := range inPackage.FindAllStringSubmatch(words, -1) {
		for _, plugin := range plugins {
			if plugin.Package == match[1] && e.Plugin == "" {
				e.Plugin = plugin.Package
			}
		}
	}
	if e.Plugin == "" {
		e.Detail = "the web app does not build with " + bundle.Names(plugins) + ": " + words
	}
	return e
}

// folders are the ways to the packages: where they lie on this machine is of no help.
var folders = regexp.MustCompile(`(?:\.\./|/)[^\s'"]*?(node_modules/)`)

func withoutFolders(words, work string) string {
	return folders.ReplaceAllString(strings.ReplaceAll(words, work+"/", ""), "$1")
}

// tail keeps the end of what is written to it.
type tail struct{ bytes.Buffer }

// Write keeps p, and of what came before as much as there is room for.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxWords {
		p = p[len(p)-maxWords:]
	}
	if over := t.Len() + len(p) - maxWords; over > 0 {
		t.Next(over)
	}
	_, err := t.Buffer.Write(p)
	return n, err
}
