package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	acme   = "orbit_backstage_instance.acme"
	globex = "orbit_backstage_instance.globex"
	argocd = "orbit_backstage_plugin.argocd"

	component = "/api/catalog/entities/by-name/component/default/payments"
	// token is the secret that the quickstart is applied with.
	token = "a-token-nobody-may-see"
)

// TestQuickstart goes the way of a new user, from the first apply to the last destroy. Its steps build on each other.
func TestQuickstart(t *testing.T) { //nolint:tparallel // its steps build on each other
	t.Parallel()
	w := newWorld(t)
	for _, step := range []struct {
		name string
		run  func(t *testing.T, w *world)
	}{
		{"apply gives each workspace a running Backstage", applyQuickstart},
		{"workspaces are isolated", checkIsolation},
		{"the plugin runs with its secret, which nobody sees", checkPlugin},
		{"a second plan changes nothing, whatever the formatting", checkNoChanges},
		{"a proxy endpoint is live, with the same process", changeLive},
		{"a CORS origin is a restart, and no request fails", changeWithRestart},
		{"a typing error in a plugin's config is found before anything is touched", misspell},
		{"a plugin without its config is put back, and the old process serves", breakPlugin},
		{"orbitd restarts and adopts", restartOrbitd},
		{"a killed instance comes back", killInstance},
		{"a new process that hangs is given up, and no request fails", hangGreen},
		{"a process that dies while the next one boots is followed by it", killBlue},
		{"a new process that dies right after the switch is started again", killGreen},
		{"an instance deleted behind Terraform's back is planned again", deleteBehind},
		{"destroy leaves nothing", destroyEverything},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, w) }) {
			return // the next steps stand on this one
		}
	}
}

func applyQuickstart(t *testing.T, w *world) {
	changes := w.plan(t, tfexec.Var("argocd_token="+token))
	for _, address := range []string{acme, globex} {
		if impact := planned(t, changes[address], "change_impact"); impact != "none" {
			t.Errorf("the plan of the new %s says impact %v, want none", address, impact)
		}
	}
	if impact := planned(t, changes[argocd], "change_impact"); impact != "restart" {
		t.Errorf("the plan of the new plugin says impact %v, want restart", impact)
	}
	if err := w.tf.Apply(t.Context(), tfexec.Var("argocd_token="+token)); err != nil {
		t.Fatal(err)
	}
}

func checkIsolation(t *testing.T, w *world) {
	descriptions := map[string]string{}
	for _, workspace := range []string{"acme", "globex"} {
		session := w.guest(t, workspace)
		eventually(t, "the catalog of "+workspace+" holds its component", func() bool {
			answer := w.get(t, workspace, request{path: component, token: session})
			descriptions[workspace] = answer.body
			return answer.status == http.StatusOK
		})
	}
	if !strings.Contains(descriptions["acme"], "Payments at Acme") || !strings.Contains(descriptions["globex"], "Payments at Globex") {
		t.Errorf("the two catalogs hold %s and %s, want each its own component", descriptions["acme"], descriptions["globex"])
	}
	if answer := w.get(t, "globex", request{path: component, token: w.guest(t, "acme")}); answer.status != http.StatusUnauthorized {
		t.Errorf("acme's session gets %d from globex, want 401", answer.status)
	}
	if answer := w.get(t, "acme", request{path: component}); answer.status != http.StatusUnauthorized {
		t.Errorf("a request without a session gets %d, want 401", answer.status)
	}
	if answer := w.get(t, "initech", request{path: "/"}); answer.status != http.StatusNotFound {
		t.Errorf("a host name of no workspace gets %d, want 404", answer.status)
	}
	one, two := w.instance(t, "acme"), w.instance(t, "globex")
	if one.Status.PID == two.Status.PID || one.DatabaseName == two.DatabaseName {
		t.Errorf("both run as pid %d on database %s", one.Status.PID, one.DatabaseName)
	}
	if os.Geteuid() == 0 {
		users := []uint32{owner(t, one.Status.PID), owner(t, two.Status.PID)}
		if users[0] == users[1] || slices.Contains(users, 0) {
			t.Errorf("the processes run as users %v, want each one of its own and none root", users)
		}
	}
}

// owner is the user that a process runs as.
func owner(t *testing.T, pid int) uint32 {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid //nolint:forcetypeassert // Linux
}

func checkPlugin(t *testing.T, w *world) {
	session := w.guest(t, "acme")
	if answer := w.get(t, "acme", request{path: "/api/argocd/find/name/x", token: session}); answer.status != http.StatusOK {
		t.Errorf("the plugin's API answers %d %s, want 200", answer.status, answer.body)
	}
	if answer := w.get(t, "globex", request{path: "/api/argocd/find/name/x", token: w.guest(t, "globex")}); answer.status != http.StatusNotFound {
		t.Errorf("globex, which has no such plugin, answers %d, want 404", answer.status)
	}
	for _, file := range filesWith(t, token, filepath.Join(w.dir, "data"), filepath.Join(w.dir, "quickstart"), filepath.Join(w.dir, "run")) {
		t.Errorf("%s contains the secret", file)
	}
	pid := strconv.Itoa(w.instance(t, "acme").Status.PID)
	for _, file := range []string{"cmdline", "environ"} {
		content, err := os.ReadFile(filepath.Join("/proc", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), token) {
			t.Errorf("the process's %s contains the secret", file)
		}
	}
}

func checkNoChanges(t *testing.T, w *world) {
	if changes := w.plan(t); len(changes) != 0 {
		t.Errorf("a second plan changes %v, want nothing", changes)
	}
	// Another order of keys, quotes and a comment.
	w.edit(t, "    app:\n      title: Globex\n    organization:\n      name: Globex\n",
		"    # the same\n    organization: {name: \"Globex\"}\n    app: {title: 'Globex'}\n")
	if changes := w.plan(t); len(changes) != 0 {
		t.Errorf("formatting alone plans %v, want nothing", changes)
	}
}

func changeLive(t *testing.T, w *world) {
	before := w.instance(t, "acme").Status.PID
	w.edit(t, `"/github-status" =`, fmt.Sprintf("\"/orbit\" = { target = %q }\n        \"/github-status\" =", w.orbitd.Endpoint))
	change := w.plan(t)[acme]
	if impact := planned(t, change, "change_impact"); impact != "live" {
		t.Errorf("the plan says impact %v, want live", impact)
	}
	if revision := planned(t, change, "restart_revision"); revision == nil {
		t.Error("the plan of a live change makes restart_revision unknown, want it known")
	}
	session := w.guest(t, "acme")
	done := make(chan time.Duration, 1)
	start := time.Now()
	go func() { done <- w.untilServed(t.Context(), session, start) }()
	w.apply(t)
	select {
	case served := <-done:
		if served == 0 {
			t.Fatal("the new endpoint is not served")
		}
	case <-time.After(patience):
		t.Fatal("the new endpoint is not served")
	}
	if now := w.instance(t, "acme").Status.PID; now != before {
		t.Errorf("a live change replaced process %d by %d", before, now)
	}
}

// untilServed asks for the new proxy endpoint until it answers.
func (w *world) untilServed(ctx context.Context, session string, start time.Time) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		answer, err := w.send(ctx, "acme", request{path: "/api/proxy/orbit/healthz", token: session})
		if err == nil && answer.status == http.StatusOK && answer.body == "ok\n" {
			return time.Since(start)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return 0
		}
	}
}

func (w *world) settle(t *testing.T, change *orbit.Change) *orbit.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	settled, err := w.client.WaitChange(ctx, change.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if settled.State != orbit.ChangeApplied {
		t.Fatalf("the change is %s: %v", settled.State, settled.Problem)
	}
	return settled
}

func changeWithRestart(t *testing.T, w *world) {
	before := w.instance(t, "acme").Status.PID
	w.edit(t, "http://localhost:3000", "http://localhost:3001")
	change := w.plan(t)[acme]
	if impact := planned(t, change, "change_impact"); impact != "restart" {
		t.Errorf("the plan says impact %v, want restart", impact)
	}
	if reasons := fmt.Sprint(planned(t, change, "change_reasons")); !strings.Contains(reasons, "backend.cors.origin") {
		t.Errorf("the plan's reasons are %s, want backend.cors.origin among them", reasons)
	}
	if unknown, _ := change.AfterUnknown.(map[string]any); unknown["restart_revision"] != true {
		t.Errorf("restart_revision is planned as known, want unknown: %v", change.AfterUnknown)
	}
	load := w.load(t, w.guest(t, "acme"))
	w.apply(t)
	requests, failures := load()
	if len(failures) > 0 {
		t.Errorf("%d of %d requests failed during the restart, the first: %s", len(failures), requests, failures[0])
	}
	fmt.Printf("figure: requests during a restart: %d, failed: %d (goal: 0)\n", requests, len(failures))
	answer := w.get(t, "acme", request{path: component, origin: "http://localhost:3001"})
	if origin := answer.header.Get("Access-Control-Allow-Origin"); origin != "http://localhost:3001" {
		t.Errorf("the new process allows origin %q, want the new one", origin)
	}
	if now := w.instance(t, "acme").Status.PID; now == before {
		t.Error("a restart left the process as it was")
	}
}

// load asks for the component all the time, until the returned function is called.
func (w *world) load(t *testing.T, session string) (end func() (requests int, failures []string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	requests, failures := 0, []string{}
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			answer, err := w.send(ctx, "acme", request{path: component, token: session})
			if ctx.Err() != nil {
				return
			}
			requests++
			if err != nil {
				failures = append(failures, err.Error())
			} else if answer.status != http.StatusOK {
				failures = append(failures, fmt.Sprint(answer.status, " ", answer.body))
			}
		}
	}()
	return func() (int, []string) {
		cancel()
		<-done
		return requests, failures
	}
}

// misspell makes a typing error that the plugin's own config schema knows to be one.
func misspell(t *testing.T, w *world) {
	before, known := w.instance(t, "acme").Status.PID, w.hosts(t)
	w.edit(t, "appLocatorMethods = [{", "appLocatorMethodz = [{")
	err := w.tf.Apply(t.Context())
	if err == nil {
		t.Fatal("an apply with a typing error in the plugin's config succeeded")
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "│", " ")), " ")
	for _, want := range []string{"argocd.appLocatorMethodz", "did you mean appLocatorMethods", "@roadiehq/backstage-plugin-argo-cd-backend"} {
		if !strings.Contains(text, want) {
			t.Errorf("the error does not say %s:\n%s", want, err)
		}
	}
	if now := w.instance(t, "acme").Status.PID; now != before || len(w.hosts(t)) > len(known) {
		t.Errorf("process %d serves among %v, want %d among %v", now, w.hosts(t), before, known)
	}
	w.edit(t, "appLocatorMethodz = [{", "appLocatorMethods = [{")
}

func breakPlugin(t *testing.T, w *world) {
	before := w.instance(t, "acme").Status.PID
	w.edit(t, "argocd = {", "renamed = {")
	if impact := planned(t, w.plan(t)[argocd], "change_impact"); impact != "restart" {
		t.Errorf("the plan says impact %v, want restart", impact)
	}
	load := w.load(t, w.guest(t, "acme"))
	err := w.tf.Apply(t.Context(), tfexec.DirOrPlan(filepath.Join(w.dir, "plan")))
	if requests, failures := load(); len(failures) > 0 {
		t.Errorf("%d of %d requests failed meanwhile, the first: %s", len(failures), requests, failures[0])
	}
	if err == nil {
		t.Fatal("an apply whose plugin lacks its config succeeded")
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "│", " ")), " ")
	for _, want := range []string{"acme", "@roadiehq/backstage-plugin-argo-cd-backend", "argocd.appLocatorMethods"} {
		if !strings.Contains(text, want) {
			t.Errorf("the error does not name %s:\n%s", want, err)
		}
	}
	now := w.instance(t, "acme")
	if now.Status.PID != before || now.Status.Phase != orbit.PhaseReady {
		t.Errorf("process %d in phase %s serves, want %d and Ready", now.Status.PID, now.Status.Phase, before)
	}
	if changes := w.plan(t); changes[argocd] == nil || len(changes) != 1 {
		t.Errorf("the next plan changes %v, want the same plugin again", changes)
	}
	w.edit(t, "renamed = {", "argocd = {")
	if changes := w.plan(t); len(changes) != 0 {
		t.Errorf("with the config back the plan changes %v, want nothing", changes)
	}
}

func restartOrbitd(t *testing.T, w *world) {
	one, two := w.instance(t, "acme").Status.PID, w.instance(t, "globex").Status.PID
	old := w.orbitd.PID()
	if _, err := w.orbitd.Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if syscall.Kill(one, 0) != nil || syscall.Kill(two, 0) != nil {
		t.Error("stopping orbitd stopped an instance")
	}
	// Without orbitd a plan goes by what is known, and a destroy fails and loses nothing.
	if _, err := w.tf.Plan(t.Context()); err != nil {
		t.Errorf("planning without orbitd gives %v, want a plan", err)
	}
	if err := w.tf.Destroy(t.Context()); err == nil {
		t.Error("destroying without orbitd succeeded")
	}
	w.start(t)
	if w.orbitd.PID() == old {
		t.Error("orbitd did not restart")
	}
	if pid := w.instance(t, "acme").Status.PID; pid != one {
		t.Errorf("acme runs as %d, want the adopted %d", pid, one)
	}
	if pid := w.instance(t, "globex").Status.PID; pid != two {
		t.Errorf("globex runs as %d, want the adopted %d", pid, two)
	}
	if answer := w.get(t, "acme", request{path: component, token: w.guest(t, "acme")}); answer.status != http.StatusOK {
		t.Errorf("the adopted instance answers %d, want 200", answer.status)
	}
	if changes := w.plan(t); len(changes) != 0 {
		t.Errorf("after the restart the plan changes %v, want nothing", changes)
	}
}

// killInstance kills the process of a workspace, and orbitd starts another one.
func killInstance(t *testing.T, w *world) {
	before := w.instance(t, "globex").Status.PID
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "globex comes back", func() bool {
		status := w.instance(t, "globex").Status
		return status.PID != 0 && status.PID != before && status.Phase == orbit.PhaseReady
	})
}

func deleteBehind(t *testing.T, w *world) {
	change, err := w.client.DeleteInstance(t.Context(), "globex", orbit.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	w.settle(t, change)
	changes := w.plan(t)
	if changes[globex] == nil || !changes[globex].Actions.Create() || len(changes) != 1 {
		t.Fatalf("the plan changes %v, want globex created again and nothing else", changes)
	}
	w.apply(t)
}

func destroyEverything(t *testing.T, w *world) {
	pids := []int{w.instance(t, "acme").Status.PID, w.instance(t, "globex").Status.PID}
	if err := w.tf.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) && !zombie(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if left := w.databases(t); len(left) != 0 {
		t.Errorf("databases and roles are left: %v", left)
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "data", "instances", "*")); err != nil || len(left) != 0 {
		t.Errorf("files of instances are left: %v %v", left, err)
	}
	orbitd, postmaster := w.orbitd.PID(), w.postmaster(t)
	if _, err := w.orbitd.Stop(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{orbitd, postmaster} {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) && !zombie(pid) {
			t.Errorf("process %d is still there after orbitd stop --all", pid)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, "run")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sockets are left (%v)", err)
	}
	if err := os.RemoveAll(w.orbitd.DataDir); err != nil {
		t.Fatal(err)
	}
}

// zombie says whether a process has ended and only waits for a parent that does not ask.
func zombie(pid int) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(content), ") ")
	return strings.HasPrefix(rest, "Z")
}
