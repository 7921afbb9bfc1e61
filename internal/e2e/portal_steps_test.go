package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/browsertest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const enter = "Enter" // the button of the sign-in page

func signIn(t *testing.T, p *portal) {
	for workspace, page := range map[string]*browsertest.Page{"acme": p.acme, "globex": p.globex} {
		page.Open(t, p.url(workspace, "/"))
		page.See(t, "Guest")
		page.Screenshot(t, workspace+"-sign-in")
		page.Push(t, enter)
	}
	for _, c := range []struct {
		page       *browsertest.Page
		own, other string
	}{{p.acme, "Payments", "Shipping"}, {p.globex, "Shipping", "Payments"}} {
		c.page.See(t, c.own)
		if strings.Contains(c.page.Text(t), c.other) {
			t.Errorf("the catalog of the workspace with %s shows %s too", c.own, c.other)
		}
	}
	p.acme.Screenshot(t, "acme-catalog")
}

func showTitle(t *testing.T, p *portal) {
	p.globex.See(t, hostileTitle)
	if p.globex.Holds(t, `document.querySelector('[src="/hostile.png"]')`) {
		t.Error("the title became a part of the page")
	}
}

func readComponent(t *testing.T, p *portal) {
	p.acme.Follow(t, "Payments", "Takes the money of Acme's customers")
	for _, known := range []string{
		"Takes the money of Acme's customers", // what it is
		"production",
		"Cashiers",      // its owner
		"Status",        // a link
		"critical",      // a label
		"providesApi",   // the graph of its relations
		"View TechDocs", // the way to its documentation
	} {
		p.acme.See(t, known)
	}
	p.acme.Screenshot(t, "acme-component")
}

func readAPI(t *testing.T, p *portal) {
	p.acme.Open(t, p.url("acme", "/catalog/default/api/payments-api/definition"))
	p.acme.See(t, "/payments/{id}")
	p.acme.See(t, "Read a payment")
	p.acme.Screenshot(t, "acme-api")
}

func readDocs(t *testing.T, p *portal) {
	p.acme.Follow(t, "Docs", "Owned (1)")
	p.acme.Follow(t, "Payments", "Nothing is booked twice.")
	p.acme.Screenshot(t, "acme-docs")
}

func search(t *testing.T, p *portal) {
	page := p.acme
	page.Open(t, p.url("acme", "/search"))
	page.Type(t, "Search in Acme", "customers")
	page.See(t, "Takes the money of Acme's customers")
	page.Screenshot(t, "acme-search")
}

func notify(t *testing.T, p *portal) {
	p.acme.Open(t, p.url("acme", "/catalog"))
	p.acme.See(t, "Payments")
	token, err := p.client.CreateAccessToken(t.Context(), "acme", orbit.AccessTokenWrite{})
	if err != nil {
		t.Fatal(err)
	}
	answer := p.get(t, "acme", request{
		method: http.MethodPost, path: "/api/notifications/notifications", token: token.Secret,
		body: `{"recipients": {"type": "broadcast"}, "payload": {"title": "The ledger is closed", "severity": "high"}}`,
	})
	if answer.status != http.StatusOK {
		t.Fatalf("sending a notification answers %d: %s", answer.status, answer.body)
	}
	p.acme.See(t, "The ledger is closed")
	p.acme.Screenshot(t, "acme-notification")
}

// runTemplate has a template wait for the test, and has the instance restarted meanwhile: the process that runs the
// template finishes it, and another one serves the page.
func runTemplate(t *testing.T, p *portal) {
	page := p.acme
	page.Open(t, p.url("acme", "/create"))
	page.Push(t, "Choose")
	page.Type(t, "Name", "refunds")
	page.Push(t, "Review")
	page.Push(t, "Create")
	select {
	case <-p.fetching:
	case <-time.After(patience):
		t.Fatal("the template does not come to its second step")
	}
	before := p.instance(t, "acme")
	config := strings.Replace(before.Config, `"name":"acme"`, `"name":"Acme and sons"`, 1)
	fate := p.fate(t, p.write(t, "acme", config, 0))
	if fate.State != orbit.ChangeApplied || fate.Impact != orbit.ImpactRestart {
		t.Fatalf("the change is %s with impact %s (%v), want applied with a restart", fate.State, fate.Impact, fate.Problem)
	}
	if after := p.instance(t, "acme"); after.Status.PID == before.Status.PID {
		t.Errorf("process %d serves as before", after.Status.PID)
	}
	if strings.Contains(page.Text(t), "is there.") {
		t.Error("the template has ended before the restart")
	}
	p.letItHaveIt()
	page.See(t, "The service refunds is there.")
	page.Screenshot(t, "acme-template")
	p.serves(t)
}

// operate looks at what runTemplate did from the operator's side.
func operate(t *testing.T, p *portal) {
	token, err := os.ReadFile(p.orbitd.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	page := p.browser.Stranger(t)
	page.Open(t, p.orbitd.Endpoint+"/")
	page.Type(t, "API token", strings.TrimSpace(string(token)))
	page.Push(t, "Sign in")
	page.See(t, "globex")
	page.Screenshot(t, "operator-workspaces")
	page.Follow(t, "acme", "organization.name")
	page.Screenshot(t, "operator-workspace")
}

// serves wants the browser to have had no failed request, no error and no end of a session.
func (p *portal) serves(t *testing.T) {
	t.Helper()
	p.acme.Open(t, p.url("acme", "/catalog"))
	p.acme.See(t, "Payments")
	p.acme.Reload(t)
	p.acme.See(t, "Payments")
	for _, failure := range p.acme.Traffic.Failures() {
		t.Errorf("failed request: %s", failure)
	}
	for _, complaint := range p.acme.Traffic.Complaints() {
		t.Errorf("in the browser's console: %s", complaint)
	}
}

func restartFiveTimes(t *testing.T, p *portal) {
	begin, visits := p.acme.Traffic.Count(), p.visits()
	for range 5 {
		change, err := p.client.RestartInstance(t.Context(), "acme", orbit.RestartRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for change.State == orbit.ChangePending {
			visits[0](t)
			visits = append(visits[1:], visits[0])
			if change, err = p.client.GetChange(t.Context(), change.ID, 0); err != nil {
				t.Fatal(err)
			}
		}
		if change.State != orbit.ChangeApplied {
			t.Fatalf("the restart is %s: %v", change.State, change.Problem)
		}
	}
	for _, visit := range visits {
		visit(t)
	}
	p.serves(t)
	failed := len(p.acme.Traffic.Failures())
	fmt.Printf("figure: browser: failed requests in 5 restarts: %d of %d\n", failed, p.acme.Traffic.Count()-begin)
}

// visits are pages of acme that somebody who is signed in goes to, by clicks and by their addresses.
func (p *portal) visits() []func(t *testing.T) {
	follow := func(name, sees string) func(*testing.T) {
		return func(t *testing.T) { p.acme.Follow(t, name, sees) }
	}
	open := func(path, sees string) func(*testing.T) {
		return func(t *testing.T) { p.acme.Open(t, p.url("acme", path)); p.acme.See(t, sees) }
	}
	return []func(*testing.T){
		open("/", "Takes the money"),
		follow("Payments", "View TechDocs"),
		follow("Create", "New service"),
		open("/docs/default/component/payments", "Nothing is booked twice."),
		follow("Settings", "Appearance"),
		follow("Catalog", "Takes the money"),
		open("/catalog/default/component/payments", "View TechDocs"),
	}
}
