// Package e2e_test runs the whole product for real: orbitd with Backstage, PostgreSQL and Node.js from the release, and
// Terraform with the provider, on the quickstart that a new user starts with.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// world is an orbitd and a copy of the quickstart beside it.
type world struct {
	dir     string // everything of the test
	orbitd  *workbench.Orbitd
	tf      *tfexec.Terraform
	client  *orbit.Client
	gateway string // host:port
}

// newWorld starts an orbitd on free ports. It is stopped, with all it started, when the test ends.
func newWorld(t *testing.T) *world {
	t.Helper()
	terraform, err := exec.LookPath("terraform")
	if err != nil || os.Getenv("ORBIT_TEST_BUNDLE") == "" {
		t.Skip("needs terraform in PATH and the release installed (ORBIT_TEST_BUNDLE): make test sees to both")
	}
	w := &world{dir: openFolder(t)}
	root := w.launch(t, nil, "--drain-timeout", "5s")
	cliConfig, err := workbench.InstallProvider(w.dir, filepath.Join(w.dir, "bin", "terraform-provider-orbit"))
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(w.dir, "quickstart")
	if err := os.CopyFS(work, os.DirFS(filepath.Join(root, "examples", "quickstart"))); err != nil {
		t.Fatal(err)
	}
	for _, leftover := range []string{".terraform", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.RemoveAll(filepath.Join(work, leftover)); err != nil {
			t.Fatal(err)
		}
	}
	if w.tf, err = tfexec.NewTerraform(work, terraform); err != nil {
		t.Fatal(err)
	}
	if err := w.tf.SetEnv(map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": w.dir, "TF_CLI_CONFIG_FILE": cliConfig, "ORBIT_ENDPOINT": w.orbitd.Endpoint,
		"ORBIT_TOKEN_FILE": w.orbitd.TokenFile(), "CHECKPOINT_DISABLE": "1",
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.tf.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// launch builds both programs into the world's folder and starts an orbitd on free ports, which is stopped with all it
// started when the test ends. It returns the checkout's root.
func (w *world) launch(t *testing.T, env []string, flags ...string) (root string) {
	t.Helper()
	root = build(t, w.dir)
	w.gateway = freeAddress(t)
	w.orbitd = &workbench.Orbitd{
		Binary: filepath.Join(w.dir, "bin", "orbitd"), DataDir: filepath.Join(w.dir, "data"), Endpoint: "http://" + freeAddress(t),
		Flags: append([]string{"--gateway-listen", w.gateway, "--run-dir", filepath.Join(w.dir, "run")}, flags...),
		Env:   env,
	}
	t.Cleanup(w.stop(t))
	w.start(t)
	return root
}

// openFolder is a temporary folder that other users can enter: as root every instance runs as a user of its own.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := managertest.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// build builds both programs into dir/bin and returns the checkout's root.
func build(t *testing.T, dir string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin")+"/", ".", "./cmd/orbitd")
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return root
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func (w *world) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := w.orbitd.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.client, err = w.orbitd.Client(); err != nil {
		t.Fatal(err)
	}
}

// stop ends whatever the test left, and shows orbitd's log when the test failed.
func (w *world) stop(t *testing.T) func() {
	return func() {
		if t.Failed() {
			log, _ := os.ReadFile(w.orbitd.LogFile())
			t.Logf("orbitd's log:\n%s", log)
		}
		if _, err := os.Stat(w.orbitd.DataDir); err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := w.orbitd.Stop(ctx, true); err != nil {
			t.Errorf("stop everything: %v", err)
		}
	}
}

// edit replaces a part of the quickstart's main.tf.
func (w *world) edit(t *testing.T, old, replacement string) {
	t.Helper()
	file := filepath.Join(w.dir, "quickstart", "main.tf")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(content), old) != 1 {
		t.Fatalf("main.tf has %q %d times, want once", old, strings.Count(string(content), old))
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(content), old, replacement, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// plan plans and returns the resources that change, by address.
func (w *world) plan(t *testing.T, options ...tfexec.PlanOption) map[string]*tfjson.Change {
	t.Helper()
	file := filepath.Join(w.dir, "plan")
	if _, err := w.tf.Plan(t.Context(), append(options, tfexec.Out(file))...); err != nil {
		t.Fatal(err)
	}
	plan, err := w.tf.ShowPlanFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]*tfjson.Change{}
	for _, r := range plan.ResourceChanges {
		if !r.Change.Actions.NoOp() && r.Mode == tfjson.ManagedResourceMode {
			changes[r.Address] = r.Change
		}
	}
	return changes
}

// apply applies what the last plan planned.
func (w *world) apply(t *testing.T) {
	t.Helper()
	if err := w.tf.Apply(t.Context(), tfexec.DirOrPlan(filepath.Join(w.dir, "plan"))); err != nil {
		t.Fatal(err)
	}
}

// planned is an attribute of a planned change.
func planned(t *testing.T, change *tfjson.Change, attribute string) any {
	t.Helper()
	if change == nil {
		t.Fatalf("no change is planned that could have %s", attribute)
	}
	after, ok := change.After.(map[string]any)
	if !ok {
		t.Fatalf("the planned change has no state after it: %v", change.After)
	}
	return after[attribute]
}

func (w *world) instance(t *testing.T, workspace string) *orbit.Instance {
	t.Helper()
	instance, err := w.client.GetInstance(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

// request is one request to an instance, through the gateway.
type request struct {
	method, path, token, origin string
	body                        string // JSON
}

type response struct {
	status int
	header http.Header
	body   string
}

// send sends the request to a workspace by its host name. Only browsers and curl resolve *.localhost.
func (w *world) send(ctx context.Context, workspace string, r request) (response, error) {
	if r.method == "" {
		r.method = http.MethodGet
	}
	q, err := http.NewRequestWithContext(ctx, r.method, "http://"+w.gateway+r.path, strings.NewReader(r.body))
	if err != nil {
		return response{}, err
	}
	q.Host = workspace + ".localhost"
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		q.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.origin != "" {
		q.Header.Set("Origin", r.origin)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return response{status: answer.StatusCode, header: answer.Header, body: string(body)}, err
}

func (w *world) get(t *testing.T, workspace string, r request) response {
	t.Helper()
	answer, err := w.send(t.Context(), workspace, r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// guest signs in to a workspace's Backstage as its guest.
func (w *world) guest(t *testing.T, workspace string) string {
	t.Helper()
	answer := w.get(t, workspace, request{path: "/api/auth/guest/refresh"})
	var session struct {
		BackstageIdentity struct{ Token string } `json:"backstageIdentity"`
	}
	if err := json.Unmarshal([]byte(answer.body), &session); err != nil || session.BackstageIdentity.Token == "" {
		t.Fatalf("sign in to %s as guest: %d %s", workspace, answer.status, answer.body)
	}
	return session.BackstageIdentity.Token
}

// patience is how long anything may take: much longer than it does, for these tests run beside each other.
const patience = 3 * time.Minute

// eventually asks until the condition holds: Backstage's own processing gives no signal to wait for.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// filesWith lists the files below the folders that contain the text. A file may go while they are read.
func filesWith(t *testing.T, text string, dirs ...string) []string {
	t.Helper()
	var found []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && bytes.Contains(content, []byte(text)) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
