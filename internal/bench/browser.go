package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/browsertest"
)

// browser starts a headless Chromium and returns the context to look at pages in, or nil where none is installed.
func (b *bench) browser(ctx context.Context) (context.Context, error) {
	program := browsertest.Find()
	if program == "" {
		return nil, nil //nolint:nilnil // it can do without one, as without the rivals of the gateway
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // as root it does not start with one
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		}),
	)...)
	b.atEnd(func() error { stop(); return nil })
	opened, _ := chromedp.NewContext(allocator) // stop ends it
	if err := chromedp.Do(opened); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return opened, nil
}

// paint is what a reader waits for, from the beginning of a navigation: until the page shows something, and until it shows
// what its reader came for.
type paint struct{ first, meaningful time.Duration }

// look opens the page in a profile of its own, with nothing in its cache, as somebody who chose to sign in as guest before,
// and waits until it shows the text. The context is a browser's.
func look(ctx context.Context, origin, path, text string) (paint, error) {
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	defer leave()
	if err := chromedp.Do(ctx); err != nil { // it lives as long as the context that it is made with
		return paint{}, fmt.Errorf("open a tab: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(origin+"/favicon.svg")); err != nil { // of the same origin, and without a script
		return paint{}, fmt.Errorf("open %s: %w", origin, err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](`localStorage["@backstage/core:SignInPage:provider"] = "guest"`)); err != nil {
		return paint{}, fmt.Errorf("choose to be a guest: %w", err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(origin+path)); err != nil {
		return paint{}, fmt.Errorf("open %s: %w", path, err)
	}
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`new Promise(resolve => {
		const looking = setInterval(() => {
			if (!document.body.innerText.includes(%q)) return;
			clearInterval(looking);
			resolve([performance.getEntriesByName("first-contentful-paint")[0].startTime, performance.now()]);
		}, 25);
	})`, text), chromedp.EvalAwaitPromise))
	if err != nil {
		return paint{}, fmt.Errorf("wait for %q on %s: %w", text, path, err)
	}
	return paint{browserTime(shown[0]), browserTime(shown[1])}, nil
}

// browserTime is a time that the browser gives in milliseconds.
func browserTime(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
