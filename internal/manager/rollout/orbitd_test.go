package rollout_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/access"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The tests here run what lies between orbitd's API and its processes in a bubble of testing/synctest, on a real
// PostgreSQL: a goroutine that waits for the network is not durably blocked, so the bubble's clock stands while
// PostgreSQL works, and every wait of a rollout is as long as it says and takes no time.

// shared is the PostgreSQL of all tests. Its database template holds orbitd's schema.
var shared struct {
	once   sync.Once
	server *managertest.Postgres
	err    error
	worlds atomic.Int64
}

const template = "orbit_template"

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Close(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

func server(t *testing.T) *managertest.Postgres {
	t.Helper()
	if testing.Short() {
		t.Skip("short: runs a real PostgreSQL")
	}
	shared.once.Do(func() {
		if shared.server, shared.err = managertest.StartPostgres(t.Context()); shared.err != nil {
			return
		}
		if shared.err = shared.server.Exec(t.Context(), "CREATE DATABASE "+template); shared.err != nil {
			return
		}
		var migrated *store.Store
		if migrated, shared.err = openStore(t.Context(), shared.server.URL(template)); shared.err == nil {
			migrated.Close()
		}
	})
	if errors.Is(shared.err, managertest.ErrNoBundle) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

func openStore(ctx context.Context, url string) (*store.Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, config)
}

// world is what outlives an orbitd: its database, its key and the processes. It has one workspace.
type world struct {
	workspace string
	database  string
	url       string // the database's, past all wires
	keyring   *secret.Keyring
	processes *fake.Runtime
	// full makes the installation of packages fail as on a full disk.
	full atomic.Bool
	// wrong makes the checks find fault with the plugins.
	wrong atomic.Bool
	// silent makes the checks of packages wait for an answer as long as they may.
	silent atomic.Bool
}

// inWorld runs a test in a bubble, with a world of its own and wires to its PostgreSQL: one for each orbitd that it is
// going to start.
func inWorld(t *testing.T, wires int, options fake.Options, test func(t *testing.T, w *world, wires []*managertest.Wire)) {
	t.Helper()
	s := server(t)
	n := shared.worlds.Add(1)
	w := &world{workspace: fmt.Sprintf("w%d", n), database: fmt.Sprintf("orbit_w%d", n)}
	if err := s.Exec(t.Context(), "CREATE DATABASE "+w.database+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	w.url = s.URL(w.database)
	var err error
	if w.keyring, err = secret.NewKeyring(make([]byte, secret.KeySize)); err != nil {
		t.Fatal(err)
	}
	all := make([]*managertest.Wire, wires)
	for i := range all {
		if all[i], err = managertest.NewWire(w.url); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for _, wire := range all {
			if err := wire.Close(); err != nil {
				t.Error(err)
			}
		}
		err := s.Exec(context.Background(), "DROP DATABASE IF EXISTS "+w.database+" WITH (FORCE)",
			"DROP DATABASE IF EXISTS "+postgres.DatabaseName(w.workspace)+" WITH (FORCE)")
		if err != nil {
			t.Error(err)
		}
	}()
	bubble(t, func(t *testing.T) {
		w.processes = fake.New(options)
		t.Cleanup(func() {
			if err := w.processes.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, w, all)
	})
}

// orbitd is one from its writes to its processes.
type orbitd struct {
	world     *world
	store     *store.Store
	cluster   *postgres.Cluster
	vault     *vault.Vault
	gateway   *gateway.Gateway
	super     *rollout.Supervisor
	admission *admission.Admission
	ended     bool
}

// Delays of an orbitd in these tests.
const (
	drainTimeout = 2 * time.Second
	stopGrace    = time.Second
)

// start starts an orbitd over the wire. With a life, what it does to the world is counted, and can be made to end.
func (w *world) start(t *testing.T, wire *managertest.Wire, life *life) *orbitd {
	t.Helper()
	ctx := t.Context()
	o := &orbitd{world: w}
	var err error
	if o.cluster, err = postgres.OpenCluster(ctx, wire.URL(), nil); err != nil {
		t.Fatal(err)
	}
	if o.store, err = openStore(ctx, wire.URL()); err != nil {
		t.Fatal(err)
	}
	o.vault = vault.New(w.keyring, o.store)
	o.gateway = gateway.New(gateway.Options{Logger: managertest.Logger(), Dial: w.dial})
	url := func(workspace, baseURL string) string { return cmp.Or(baseURL, "http://"+workspace+".localhost:7007") }
	signs, err := access.Open(ctx, o.store, o.vault, url)
	if err != nil {
		t.Fatal(err)
	}
	var processes runtime.Runtime = w.processes
	wake := func(workspace string) { o.super.Wake(workspace) }
	interrupt := func(workspace string) { o.super.Interrupt(workspace) }
	if life != nil {
		wire.Watch = life.watch
		processes = &mortal{Runtime: w.processes, life: life}
		wake, interrupt = life.arming(wake), life.arming(interrupt)
	}
	o.super = rollout.New(rollout.Options{
		Store: o.store, Vault: o.vault, Runtime: processes, Bundles: packages{w}, Apps: packages{w}, Databases: o.cluster, Gateway: o.gateway,
		Vetting: vetting.Vetting{Packages: packages{w}},
		Access:  signs, URL: url, Logger: managertest.Logger(),
		Boots: 2, DrainTimeout: drainTimeout, StopGrace: stopGrace, Memory: plenty,
	})
	o.admission = admission.New(admission.Options{
		Store: o.store, Vault: o.vault, Registry: packages{w}, Vetting: vetting.Vetting{Packages: packages{w}}, Wake: wake, Planning: o.super.Planning,
		Interrupt: interrupt,
	})
	t.Cleanup(func() { o.end(t) })
	if err := o.super.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return o
}

// plenty is memory that is never short.
func plenty() (memory.State, error) { return memory.State{Total: 1 << 40, Available: 1 << 40}, nil }

// end ends the orbitd, as the end of the test does. The processes live on.
func (o *orbitd) end(t *testing.T) {
	t.Helper()
	if o.ended {
		return
	}
	o.ended = true
	o.super.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := o.gateway.Close(ctx); err != nil {
		t.Error(err)
	}
	o.cluster.Close()
	o.store.Close()
}

// packages are installed, whichever they are.
type packages struct{ *world }

func (p packages) Ensure(_ context.Context, release string, plugins map[string]string, _ func(string)) (bundle.Bundle, error) {
	if p.full.Load() {
		return bundle.Bundle{}, &bundle.Error{Code: orbit.CodeInstallFailed, Detail: "npm: ENOSPC: no space left on device, write"}
	}
	return named(release, plugins), nil
}

func (packages) Installed(release string, plugins map[string]string) (bundle.Bundle, bool) {
	return named(release, plugins), true
}

// PluginIDs says of each plugin that its id is its package's name.
func (packages) PluginIDs(hash string) (map[string]string, error) {
	ids := map[string]string{}
	for _, name := range strings.Fields(hash)[1:] {
		ids[name] = name
	}
	return ids, nil
}

func named(release string, plugins map[string]string) bundle.Bundle {
	names := append([]string{release}, slices.Sorted(maps.Keys(plugins))...)
	return bundle.Bundle{Hash: strings.Join(names, " ")}
}

// Nothing is wrong with any of them, as far as can be told.

func (packages) Alone(context.Context, string, map[string]string) []orbit.Diagnostic { return nil }

func (p packages) Together(ctx context.Context, _ string, _, _ map[string]string) []orbit.Diagnostic {
	if p.silent.Load() {
		<-ctx.Done()
	}
	if p.wrong.Load() {
		return []orbit.Diagnostic{{Code: orbit.CodeUnresolvable, Severity: orbit.SeverityError, Message: "they do not go together"}}
	}
	return nil
}

func (packages) Schemas(context.Context, string, map[string]string) (configschema.Set, error) {
	return configschema.Set{}, nil
}

func (packages) WebAppSchemas(context.Context, string, map[string]string) (configschema.Set, error) {
	return configschema.Set{}, nil
}

func (packages) KnownSchemas(string, map[string]string) (configschema.Set, bool) {
	return configschema.Set{}, true
}

func (packages) FrontendSet(_ context.Context, _ string, _, _, _ map[string]string) []orbit.Diagnostic {
	return nil
}

// Frontend takes what ends with -ui for a part of the web app.
func (packages) Frontend(_ context.Context, name, _ string) bool {
	return strings.HasSuffix(name, "-ui")
}

func (p packages) EnsureApp(_ context.Context, release string, plugins map[string]string, _ func(string)) (webapp.App, error) {
	if _, broken := plugins["broken-ui"]; broken {
		return webapp.App{}, &bundle.Error{Code: orbit.CodeAppBuildFailed, Plugin: "broken-ui", Detail: "Module not found: Can't resolve 'x'"}
	}
	return p.App(release, plugins), nil
}

func (p packages) App(release string, plugins map[string]string) webapp.App {
	app, _ := p.FindApp("app of " + named(release, plugins).Hash)
	return app
}

func (packages) FindApp(hash string) (webapp.App, bool) {
	return webapp.App{Dir: "/cache/" + hash, Hash: hash}, hash != ""
}

// Hidden hides the part of a backend plugin that is not there.
func (packages) Hidden(_ string, backend, _ map[string]string) []string {
	if _, there := backend["jenkins"]; there {
		return nil
	}
	return []string{"jenkins-ui"}
}

// Choose knows no ranges: no test of this package declares one.
func (packages) Choose(_ context.Context, name, versionRange string) (string, error) {
	return "", fmt.Errorf("nobody chooses among %s %s", name, versionRange)
}

// dial connects the gateway to a process, which answers every request with its id.
func (w *world) dial(_ context.Context, _, address string) (net.Conn, error) {
	for _, p := range w.processes.Processes(w.workspace) {
		if p.Listens() != address {
			continue
		}
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			if _, err := http.ReadRequest(bufio.NewReader(far)); err != nil {
				return
			}
			id := p.Handle().ID
			_, _ = fmt.Fprintf(far, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(id), id)
		}()
		return near, nil
	}
	return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
}

// ask asks the workspace's instance through the gateway, and returns the status and the id of the process that answered.
func (o *orbitd) ask(t *testing.T) (status int, id string) {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	request.Host = o.world.workspace + ".localhost"
	o.gateway.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// declared is what a test writes of an instance: JSON is YAML too.
func declared(config map[string]any, secrets map[string]string) orbit.InstanceWrite {
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // maps of strings have a JSON form
	}
	return orbit.InstanceWrite{
		InstanceSpec: orbit.InstanceSpec{Release: "1.55.0", Config: string(text), MemoryLimitMiB: 1024}, Secrets: secrets,
	}
}

// put writes the instance and returns the change as it was accepted.
func (o *orbitd) put(t *testing.T, write orbit.InstanceWrite) orbit.Change {
	t.Helper()
	on := admission.Precondition{Tag: admission.AnyVersion}
	if _, err := o.store.Instance(t.Context(), o.world.workspace); errors.Is(err, store.ErrNotFound) {
		on = admission.Precondition{MustNotExist: true}
	}
	change, err := o.admission.PutInstance(t.Context(), o.world.workspace, write, on)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// putPlugin writes a plugin, which may be there already, and returns the change as it was accepted.
func (o *orbitd) putPlugin(ctx context.Context, name, version, config string) (orbit.Change, error) {
	on := admission.Precondition{Tag: admission.AnyVersion}
	if _, err := o.store.Plugin(ctx, o.world.workspace, name); errors.Is(err, store.ErrNotFound) {
		on = admission.Precondition{MustNotExist: true}
	}
	return o.admission.PutPlugin(ctx, o.world.workspace, name,
		orbit.PluginWrite{PluginSpec: orbit.PluginSpec{Version: version, Config: config}}, on)
}

// settle waits for the change's fate.
func (o *orbitd) settle(t *testing.T, change orbit.Change) orbit.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	settled, err := o.super.WaitFate(ctx, change.ID)
	for store.Unavailable(err) && ctx.Err() == nil { // a client asks again
		time.Sleep(time.Second)
		settled, err = o.super.WaitFate(ctx, change.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !settled.Done() {
		t.Fatalf("the fate of the %s is not known after 10 minutes: %s", change.Operation, settled.Progress)
	}
	return settled.Change
}

func (o *orbitd) applied(t *testing.T, change orbit.Change) {
	t.Helper()
	if change = o.settle(t, change); change.State != orbit.ChangeApplied {
		t.Fatalf("the %s is %s: %v", change.Operation, change.State, change.Problem)
	}
}

// rest lets everything happen that happens by itself, drains for example.
func rest() { time.Sleep(time.Minute) }

// numbers asks orbitd's database.
func (o *orbitd) numbers(t *testing.T, query string) []int {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), o.world.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	rows, err := connection.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}
