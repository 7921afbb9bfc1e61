package operator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const argocd = "@acme/plugin-argocd-backend"

// lived returns a workspace to which everything happened: created, changed live, restarted, and a change that failed.
func lived(t *testing.T, c *orbit.Client, workspace string) {
	t.Helper()
	const config = "app:\n  title: Acme\nproxy:\n  endpoints:\n    /a: {target: 'http://a.example'}\n"
	secret := func(w *orbit.InstanceWrite) {
		w.Secrets, w.SecretsVersion = map[string]string{"ARGOCD_TOKEN": "hunter2hunter2"}, 1
	}
	declare(t, c, workspace, config, secret)
	settle(t, c)(c.PutPlugin(t.Context(), workspace, argocd, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "4.8.0"}}))
	declare(t, c, workspace, config+"    /b: {target: 'http://b.example'}\n", secret)
	declare(t, c, workspace, config+"backend:\n  cors:\n    origin: http://localhost:3000\n", secret)
	if failed := declare(t, c, workspace, "app:\n  title: broken\n", secret); failed.State != orbit.ChangeFailed {
		t.Fatalf("the broken change is %s", failed.State)
	}
}

// has says what of the wanted the text does not have in it.
func has(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: %s", what, want, text)
		}
	}
}

func hasNot(t *testing.T, what, text string, unwanted ...string) {
	t.Helper()
	for _, bad := range unwanted {
		if strings.Contains(text, bad) {
			t.Errorf("%s says %q", what, bad)
		}
	}
}

func TestTheListTellsHowEachWorkspaceIs(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	lived(t, c, "listed")
	i, err := c.GetInstance(t.Context(), "listed")
	if err != nil {
		t.Fatal(err)
	}
	p := asRoot(t, s).page("/ui/")
	for _, row := range p.elements(t, "tr") {
		text := words(row)
		if !strings.HasPrefix(text, "listed ") {
			continue
		}
		has(t, "the row", text, "Ready", "1.55.0", fmt.Sprint(i.Generation), fmt.Sprint(i.Status.PID), "of 1024 MiB", "restart", "Failed")
		if links := p.links(t); !slices.Contains(links, i.URL) || !slices.Contains(links, "/ui/workspaces/listed") {
			t.Errorf("the list leads to %v", links)
		}
		return
	}
	t.Errorf("the list has no row of it: %s", p.reads(t))
}

func TestAWorkspacesPageTellsAllOfIt(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	lived(t, c, "told")
	s.Runtime.Log("told", `{"level":"warn","plugin":"argocd","message":"the token hunter2hunter2 expires soon","timestamp":"2026-11-28T17:00:00Z"}`)
	i, err := c.GetInstance(t.Context(), "told")
	if err != nil {
		t.Fatal(err)
	}
	p := asRoot(t, s).page("/ui/workspaces/told")
	has(t, "the page", p.reads(t),
		i.URL, "backstage_told", i.Status.Bundle, "of 1024 MiB", fmt.Sprint(i.Status.PID),
		"Isolated", "RoomForGreen", argocd, "4.8.0", "a resource of its own",
		"Create instance", "Add "+argocd, "Update instance",
		`proxy.endpoints["/b"]`, "the proxy builds its routes anew whenever its endpoints change",
		"the HTTP router reads its CORS settings once, when it starts",
		"Failed", "Missing required config value at 'argocd.url'",
		"RolloutStarted", "ConfigPushed", "RolloutFailed",
		"2026-11-28T17:00:00Z warn argocd: the token *** expires soon",
	)
	hasNot(t, "the page", p.text, "hunter2hunter2")
}

// rolloutPages are the pages of the workspace's rollouts, newest first.
func rolloutPages(t *testing.T, b *browser, workspace string) []answered {
	t.Helper()
	var pages []answered
	for _, to := range b.page("/ui/workspaces/" + workspace + "/rollouts").links(t) {
		if strings.HasPrefix(to, "/ui/workspaces/"+workspace+"/rollouts/") {
			pages = append(pages, b.page(to))
		}
	}
	return pages
}

func TestARolloutsPageSaysWhatChangedAndWhyItWasARestart(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	lived(t, c, "why")
	pages := rolloutPages(t, asRoot(t, s), "why")
	if len(pages) != 5 {
		t.Fatalf("there are %d rollouts, want 5", len(pages))
	}
	failed, restart, live := pages[0], pages[1], pages[2]
	has(t, "the restart", restart.reads(t), "Applied", "Began", "Ended",
		"backend restart it was added, and the HTTP router reads its CORS settings once, when it starts", "RolloutStarted", "serving generation 4")
	has(t, "the live change", live.reads(t), "Applied", `proxy.endpoints["/b"] live it was added`, "ConfigPushed")
	has(t, "the failed one", failed.reads(t), "Failed", "app.title restart it changed",
		"Missing required config value at 'argocd.url'", "boot_failed", argocd, "error argocd: the token *** of <script>alert(1)</script> is refused")
	hasNot(t, "the failed one", failed.text, "hunter2hunter2", "<script>alert")
	took := 0
	for _, dt := range restart.elements(t, "dt") {
		if words(dt) == "Took" && words(dt.NextSibling) != "–" {
			took++
		}
	}
	if took != 1 {
		t.Error("the page does not say how long it took")
	}
}

func TestPluginsOfOneApplyAreOneRollout(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "together", "app:\n  title: Together\n")
	var changes []*orbit.Change
	for _, name := range []string{"@acme/plugin-a-backend", "@acme/plugin-b-backend"} {
		change, err := c.PutPlugin(t.Context(), "together", name, orbit.IfAbsent(), orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: "1.0.0"}})
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, change)
	}
	for _, change := range changes {
		settle(t, c)(change, nil)
	}
	pages := rolloutPages(t, asRoot(t, s), "together")
	if len(pages) != 2 {
		t.Fatalf("there are %d rollouts, want 2", len(pages))
	}
	has(t, "the rollout", pages[0].reads(t), "Add @acme/plugin-a-backend", "Add @acme/plugin-b-backend")
}

func TestAPendingRestartIsToldWithItsReasons(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	manual := func(w *orbit.InstanceWrite) { w.RestartPolicy = orbit.RestartManual }
	declare(t, c, "waiting", "app:\n  title: One\n", manual)
	declare(t, c, "waiting", "app:\n  title: Two\n", manual)
	b := asRoot(t, s)
	has(t, "the page", b.page("/ui/workspaces/waiting").reads(t), "A restart is pending", "app.title: restart, because it changed", "Waits for a restart")
	for _, row := range b.page("/ui/").elements(t, "tr") {
		if text := words(row); strings.HasPrefix(text, "waiting ") {
			has(t, "the list", text, "Restart pending")
		}
	}
}

func TestATokenOfOneWorkspaceSeesThatAlone(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "scoped-in", "app:\n  title: In\n")
	declare(t, c, "scoped-out", "app:\n  title: Out\n")
	theirs := rolloutOf(t, asRoot(t, s), "scoped-out")
	b := signedIn(t, s, newToken(t, c, "scoped-in", orbit.RoleReader).Secret)
	for _, path := range []string{"/ui/", "/ui/events", "/ui/workspaces/scoped-in"} {
		p := b.page(path)
		has(t, path, p.reads(t), "scoped-in")
		hasNot(t, path, p.text, "scoped-out")
	}
	for _, path := range []string{"", "/rollouts", "/log", "/log/stream", "/events/stream", "/rollouts/" + theirs} {
		if p := b.get("/ui/workspaces/scoped-out" + path); p.status != http.StatusForbidden {
			t.Errorf("the other's%s answers %d, want 403", path, p.status)
		}
		there, gone := b.get("/ui/workspaces/scoped-out"+path), b.get("/ui/workspaces/scoped-none"+path)
		if there.status != gone.status || there.text != gone.text {
			t.Errorf("%q tells whether the other workspace is there", path)
		}
	}
	if p := b.get("/ui/workspaces/scoped-in/rollouts/" + theirs); p.status != http.StatusNotFound {
		t.Errorf("the other's rollout below the own workspace answers %d, want 404", p.status)
	}
}

// rolloutOf is the id of a rollout of the workspace.
func rolloutOf(t *testing.T, b *browser, workspace string) string {
	t.Helper()
	below := "/ui/workspaces/" + workspace + "/rollouts/"
	for _, to := range b.page("/ui/workspaces/" + workspace).links(t) {
		if id, found := strings.CutPrefix(to, below); found {
			return id
		}
	}
	t.Fatalf("%s has no rollout", workspace)
	return ""
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "there", "")
	b := asRoot(t, s)
	for _, path := range []string{
		"/ui/nothing", "/ui/workspaces/nowhere", "/ui/workspaces/nowhere/log", "/ui/workspaces/there/rollouts/none",
		"/ui/workspaces/a%00b", "/ui/workspaces/%FF", "/ui/workspaces/there/rollouts/%00",
	} {
		if p := b.get(path); p.status != http.StatusNotFound || len(p.elements(t, "h1")) != 1 {
			t.Errorf("%s answers %d, want a page that says so", path, p.status)
		}
	}
	for _, path := range []string{"/ui/?after=%00", "/ui/workspaces/there/rollouts?before=%FF"} {
		b.page(path)
	}
}

func TestManyWorkspacesAreListedInPages(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t, managertest.Options{})
	const many = 60
	for i := range many {
		write := orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", MemoryLimitMiB: 256}}
		if _, err := c.PutInstance(t.Context(), fmt.Sprintf("many-%02d", i), orbit.IfAbsent(), write); err != nil {
			t.Fatal(err)
		}
	}
	b, seen := asRoot(t, s), map[string]int{}
	begin := time.Now()
	b.page("/ui/")
	t.Logf("figure: page of 50 workspaces while %d boot: %v", many, time.Since(begin).Round(time.Millisecond))
	for path := "/ui/"; path != ""; {
		p := b.page(path)
		path = ""
		for _, a := range p.elements(t, "a") {
			to, _ := attribute(a, "href")
			if name, found := strings.CutPrefix(to, "/ui/workspaces/"); found && !strings.Contains(name, "/") {
				seen[name]++
			}
			if words(a) == "Next page" {
				path = to
			}
		}
	}
	if len(seen) != many {
		t.Errorf("the pages list %d of %d workspaces", len(seen), many)
	}
}

func TestThePageIsBesideTheAPI(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	b := open(t, s)
	for _, path := range []string{"/", "/ui"} {
		if p := b.get(path); p.status != http.StatusSeeOther || p.header.Get("Location") != "/ui/" {
			t.Errorf("a browser at %s is answered %d to %q", path, p.status, p.header.Get("Location"))
		}
	}
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	r := b.request(http.MethodGet, "/", "")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Authorization", "Bearer "+token)
	if p := b.do(r); p.status != http.StatusNotFound || !strings.Contains(p.text, `"code":"no_route"`) {
		t.Errorf("a client at / is answered %d %s, want the API's problem", p.status, p.text)
	}
	// The session is the page's alone.
	if p := asRoot(t, s).get("/v1/instances"); p.status != http.StatusUnauthorized {
		t.Errorf("with a session the API answers %d, want 401", p.status)
	}
}

func TestNothingButTheSessionIsWrittenThroughThePage(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "readonly", "")
	b := asRoot(t, s)
	for _, path := range []string{"/ui/", "/ui/events", "/ui/workspaces/readonly", "/ui/workspaces/readonly/rollouts/x", "/ui/workspaces/readonly/log"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if p := b.do(b.request(method, path, "")); p.status != http.StatusMethodNotAllowed && p.status != http.StatusNotFound {
				t.Errorf("%s %s answers %d", method, path, p.status)
			}
		}
		for _, form := range b.page("/ui/workspaces/readonly").elements(t, "form") {
			if to, _ := attribute(form, "action"); to != "/ui/sign-out" {
				t.Errorf("the page has a form to %s", to)
			}
		}
	}
}

func TestWhatIsHostileIsShownAsText(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const hostile = `</script><script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	declare(t, c, "hostile", "app:\n  title: Hostile\n")
	declare(t, c, "hostile", "app:\n  title: Hostile\nproxy:\n  endpoints:\n    '/"+strings.ReplaceAll(hostile, "'", "''")+"': {target: 'http://a.example'}\n")
	for _, line := range []string{hostile, `{"level":"error","plugin":"` + "<b>" + `","message":"<script>alert(3)</script>\r\ndata: forged","timestamp":"<i>"}`} {
		s.Runtime.Log("hostile", line)
	}
	b := asRoot(t, s)
	pages := append(rolloutPages(t, b, "hostile"), b.page("/ui/workspaces/hostile"), b.page("/ui/workspaces/hostile/log"))
	shown := false
	for _, p := range pages {
		shown = shown || strings.Contains(p.reads(t), "<script>alert(1)</script>")
		for _, n := range p.elements(t, "") {
			_, sourced := attribute(n, "src")
			switch {
			case n.Data == "script" && (!sourced || n.FirstChild != nil), n.Data == "b", n.Data == "i":
				t.Errorf("the page has an element of somebody else's: %s", n.Data)
			case n.Data == "img" && sourced:
				if src, _ := attribute(n, "src"); !strings.HasPrefix(src, "/ui/assets/") {
					t.Errorf("the page shows the picture %s", src)
				}
			}
		}
	}
	if !shown {
		t.Error("no page shows it as text")
	}
}

func TestBrowsersAreToldWhatThePageMayNot(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "headers", "")
	b := asRoot(t, s)
	for _, path := range []string{"/ui/", "/ui/sign-in", "/ui/nothing", "/ui/workspaces/headers", "/ui/assets/operator.js", "/ui/events"} {
		header := b.get(path).header
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s of %s is %q, want %q", name, path, got, want)
			}
		}
		policy := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("the policy of %s is %q, want %s in it", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("the policy of %s allows what is unsafe: %s", path, policy)
		}
		if kept := header.Get("Cache-Control"); kept != "no-store" && !strings.HasPrefix(path, "/ui/assets/") {
			t.Errorf("Cache-Control of %s is %q, want no-store", path, kept)
		}
	}
}
