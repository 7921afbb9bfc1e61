// Package browsertest gives tests a headless Chromium and pages in it, as people have them: it finds what is to be seen,
// clicks and types with a mouse and a keyboard, and keeps count of the requests that a page makes.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// programVariable names the browser to run, as a path or as a name on the PATH.
const programVariable = "ORBIT_TEST_CHROMIUM"

// Browser is a running Chromium with a profile of its own, which begins empty: one person's browser.
type Browser struct {
	ctx   context.Context
	pages int // opened so far
}

// Start starts a browser that ends with the test, and with all the processes that it started. Where there is none the test
// is skipped.
func Start(t *testing.T) *Browser {
	t.Helper()
	program := Find()
	if program == "" {
		t.Skip("needs a browser: Chromium or Chrome on the PATH, or another one that " + programVariable + " names")
	}
	var command *exec.Cmd
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // as root it does not start with one
		chromedp.WindowSize(width, height),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
			command = cmd
		}),
	)...)
	b := &Browser{}
	b.ctx, _ = chromedp.NewContext(ctx) // stop ends it
	t.Cleanup(func() {
		stop()
		if command != nil && command.Process != nil {
			_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // what is left of its group
		}
	})
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	return b
}

// Find returns the path of the browser to run, or nothing where there is none.
func Find() string {
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if named := os.Getenv(programVariable); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
