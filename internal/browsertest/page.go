package browsertest

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	// width and height are those of a page, in pixels.
	width, height = 1280, 860
	// patience is how long a page may take to show what is expected of it: much longer than it does on an idle machine.
	patience = 2 * time.Minute
	// again is how long a link may lead nowhere before it is clicked again.
	again = 15 * time.Second
	// between is how often a page is looked at while something is expected of it.
	between = 200 * time.Millisecond
)

// Page is a tab. Its methods are called one after the other; what does not come about ends the test.
type Page struct {
	// Traffic are the requests that it made.
	Traffic *Traffic
	ctx     context.Context
}

// Page opens a tab of this browser's profile, with its cookies and what it has cached.
func (b *Browser) Page(t *testing.T) *Page {
	t.Helper()
	return b.open(t)
}

// Stranger opens a tab of a profile of its own, which begins empty.
func (b *Browser) Stranger(t *testing.T) *Page {
	t.Helper()
	return b.open(t, chromedp.WithNewBrowserContext())
}

func (b *Browser) open(t *testing.T, options ...chromedp.ContextOption) *Page {
	t.Helper()
	b.pages++
	p, number := &Page{Traffic: newTraffic()}, b.pages
	var leave context.CancelFunc
	p.ctx, leave = chromedp.NewContext(b.ctx, append(options, chromedp.WithListener(p.Traffic.observe))...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("at the end %s showed:\n%s", p.Address(t), p.Text(t))
			p.Screenshot(t, fmt.Sprintf("failed-%s-%d", t.Name(), number))
		}
		leave()
	})
	p.call(t, "open a tab", chromedp.Steps(
		chromedp.EmulateViewport(width, height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			return t.Call(ctx, network.CommandEnable, nil, nil)
		}),
	))
	return p
}

// Open opens the URL, as if it were typed, and returns when its document is loaded.
func (p *Page) Open(t *testing.T, url string) {
	t.Helper()
	p.call(t, "open "+url, chromedp.Navigate(url))
}

// Reload loads the page again.
func (p *Page) Reload(t *testing.T) {
	t.Helper()
	p.call(t, "reload the page", chromedp.Reload())
}

// Address is the URL that it shows.
func (p *Page) Address(t *testing.T) string {
	t.Helper()
	return evaluate[string](t, p, "location.href")
}

// Text is all text that is to be seen on the page.
func (p *Page) Text(t *testing.T) string {
	t.Helper()
	return evaluate[string](t, p, script+".text()")
}

// Holds says whether a JavaScript expression holds on the page.
func (p *Page) Holds(t *testing.T, expression string) bool {
	t.Helper()
	return evaluate[bool](t, p, "Boolean("+expression+")")
}

// Milliseconds is the value of a JavaScript expression that is a number of milliseconds.
func (p *Page) Milliseconds(t *testing.T, expression string) time.Duration {
	t.Helper()
	return time.Duration(evaluate[float64](t, p, expression) * float64(time.Millisecond))
}

// See waits until the text is to be seen somewhere on the page.
func (p *Page) See(t *testing.T, text string) {
	t.Helper()
	p.Until(t, fmt.Sprintf("%q is to be seen", text), seen(text))
}

// Until waits until the JavaScript expression holds. A page that is being left has none that do.
func (p *Page) Until(t *testing.T, what, expression string) {
	t.Helper()
	if err := p.await(t, patience, expression); err != nil {
		t.Fatalf("%s: not within %s (%v)", what, patience, err)
	}
}

// await is nil when the expression holds within the time.
func (p *Page) await(t *testing.T, within time.Duration, expression string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	ticker := time.NewTicker(between)
	defer ticker.Stop()
	for {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if holds {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return cmp.Or(err, ctx.Err())
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// Follow waits for the link that is called so, clicks it, and waits until the page shows the text. A click goes nowhere where
// the page puts another element in the place of the one that is pressed, and who sees that nothing happens clicks again.
func (p *Page) Follow(t *testing.T, name, text string) {
	t.Helper()
	link, shown := place("link", name), seen(text)
	p.click(t, "link", name)
	for deadline := time.Now().Add(patience); ; {
		err := p.await(t, again, shown)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q is to be seen behind the link %q: not within %s (%v)", text, name, patience, err)
		}
		p.Until(t, fmt.Sprintf("the link %q is there still, or %q is to be seen", name, text), "(globalThis.clickAt = "+link+") || "+shown)
		if at := evaluate[[]float64](t, p, "globalThis.clickAt"); at != nil {
			p.call(t, "click "+name, chromedp.MouseClickXY(at[0], at[1]))
		}
	}
}

// Push waits for the button that is called so, and clicks it.
func (p *Page) Push(t *testing.T, name string) {
	t.Helper()
	p.click(t, "button", name)
}

// Type waits for the field that is called so, clicks it and types the text, key by key.
func (p *Page) Type(t *testing.T, name, text string) {
	t.Helper()
	p.click(t, "field", name)
	p.call(t, "type into "+name, chromedp.KeyEvent(text))
}

// click clicks, with the mouse, where something is that a person would call so: by its text, its label or its hint.
func (p *Page) click(t *testing.T, role, name string) {
	t.Helper()
	p.Until(t, fmt.Sprintf("the %s %q is there", role, name), "globalThis.clickAt = "+place(role, name))
	at := evaluate[[]float64](t, p, "globalThis.clickAt")
	p.call(t, "click "+name, chromedp.MouseClickXY(at[0], at[1]))
}

// seen is the expression that the text is to be seen somewhere.
func seen(text string) string {
	return fmt.Sprintf("%s.text().toLowerCase().includes(%s)", script, quoted(strings.ToLower(text)))
}

// place is the expression of where something is that is called so, or of nothing.
func place(role, name string) string {
	return fmt.Sprintf("%s.place(%q, %s)", script, role, quoted(name))
}

// call runs an action within the page's patience.
func (p *Page) call(t *testing.T, what string, action chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.ctx); err != nil { // the tab lives as long as the context that it is made with
		t.Fatalf("%s: %v", what, err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// evaluate is the value of a JavaScript expression.
func evaluate[T any](t *testing.T, p *Page, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// script finds what people see and use.
//
//go:embed page.js
var script string

func quoted(text string) string {
	literal, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(literal)
}
