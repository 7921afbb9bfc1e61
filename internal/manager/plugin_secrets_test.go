package manager_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	keeper = "@acme/plugin-keeper-backend"
	// keeperConfig refers to TOKEN where a change is live, keeperTitle where it costs a restart.
	keeperConfig = "proxy:\n  endpoints:\n    /keeper: {target: 'http://127.0.0.1:1', headers: {Authorization: 'Bearer ${TOKEN}'}}\n"
	keeperTitle  = "app:\n  title: ${TOKEN}\n"
)

// keep writes a plugin with secrets of its own; nil keeps the stored ones.
func keep(t *testing.T, c *orbit.Client, workspace, name, config string, version int64, secrets map[string]string) *orbit.Change {
	t.Helper()
	on := orbit.IfAbsent()
	if current, err := c.GetPlugin(t.Context(), workspace, name); err == nil {
		on = orbit.IfMatch(current.ETag)
	}
	change, err := c.PutPlugin(t.Context(), workspace, name, on, orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: config, SecretsVersion: version}, Secrets: secrets,
	})
	if err != nil {
		t.Fatal(err)
	}
	return settle(t, c, change)
}

// sets is how many sets of secrets are stored of the workspace.
func sets(t *testing.T, s *managertest.Server, workspace string) (n int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	err = connection.QueryRow(t.Context(), "SELECT count(DISTINCT set) FROM secrets WHERE workspace = $1", workspace).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAPluginsSecretsAreForItsOwnFragment(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	const instances, own = "value-of-the-instance", "value-of-the-plugin"
	declare(t, c, "scoped", "organization:\n  name: ${TOKEN}\n", withSecrets(1, map[string]string{"TOKEN": instances}))
	applied(t, keep(t, c, "scoped", keeper, keeperConfig, 1, map[string]string{"TOKEN": own}), orbit.ImpactRestart)
	runsWith(t, s, "scoped", []string{`"name":"` + instances + `"`, "Bearer " + own}, []string{"Bearer " + instances})

	p, err := c.GetPlugin(t.Context(), "scoped", keeper)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.SecretNames, []string{"TOKEN"}) || p.SecretsVersion != 1 || p.Config != keeperConfig {
		t.Errorf("the API shows %+v, want the reference, the secret's name and its version", p)
	}
	s.Runtime.Log("scoped", "connecting with "+own)
	logs, err := c.GetLogs(t.Context(), "scoped", 10)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(logs.Lines, "\n"); strings.Contains(text, own) || !strings.Contains(text, "connecting with") {
		t.Errorf("the log reads %q, want the line with the secret masked", text)
	}
	if !slices.ContainsFunc(s.Runtime.Processes("scoped"), func(p *fake.Process) bool {
		redact := p.Config().Redact
		return slices.Contains(redact, own) && slices.Contains(redact, instances)
	}) {
		t.Error("the host is not told to mask both secrets")
	}
	err = filepath.WalkDir(filepath.Dir(s.Manager.TokenFile()), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(own)) {
			t.Errorf("%s contains the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	// Another module's plugin falls back to the instance's, and cannot name another's.
	applied(t, keep(t, c, "scoped", unwanted, "app:\n  title: ${TOKEN}\n", 0, nil), orbit.ImpactRestart)
	runsWith(t, s, "scoped", []string{`"title":"` + instances + `"`}, nil)
	_, err = c.PutPlugin(t.Context(), "scoped", "@acme/plugin-thief-backend", orbit.IfAbsent(), orbit.PluginWrite{
		PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: "x: '${TOKEN of " + keeper + ":-none}'\n"},
	})
	refused(t, err, orbit.CodeUndefinedSecret)
}

func TestARotatedSecretOfAPluginCostsWhatItsReadersCost(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "keeping", "app: {}\n")
	applied(t, keep(t, c, "keeping", keeper, keeperConfig, 1, map[string]string{"TOKEN": "first-value", "OTHER": "unused"}), orbit.ImpactRestart)
	pid := instance(t, c, "keeping").Status.PID

	applied(t, keep(t, c, "keeping", keeper, keeperConfig, 2, map[string]string{"TOKEN": "first-value", "OTHER": "changed"}), orbit.ImpactNone)
	applied(t, keep(t, c, "keeping", keeper, keeperConfig, 3, map[string]string{"TOKEN": "second-value"}), orbit.ImpactLive)
	runsWith(t, s, "keeping", []string{"second-value"}, []string{"first-value"})
	if now := instance(t, c, "keeping").Status.PID; now != pid {
		t.Error("rotating a secret whose reader is live replaced the process")
	}
	applied(t, keep(t, c, "keeping", keeper, keeperConfig+keeperTitle, 3, nil), orbit.ImpactRestart)
	applied(t, keep(t, c, "keeping", keeper, keeperConfig+keeperTitle, 4, map[string]string{"TOKEN": "third-value"}), orbit.ImpactRestart)
	runsWith(t, s, "keeping", []string{`"title":"third-value"`}, []string{"second-value"})

	// A change that fails is put back with the values from before it.
	change := keep(t, c, "keeping", keeper, keeperConfig+keeperTitle, 5, map[string]string{"TOKEN": brokenTitle})
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if p, err := c.GetPlugin(t.Context(), "keeping", keeper); err != nil || p.SecretsVersion != 4 {
		t.Errorf("the plugin is %+v, %v, want the secrets' version from before", p, err)
	}
	applied(t, declare(t, c, "keeping", "organization: {name: x}\n"), orbit.ImpactRestart)
	runsWith(t, s, "keeping", []string{`"title":"third-value"`}, nil)
	if n := sets(t, s, "keeping"); n != 1 {
		t.Errorf("%d sets of secrets are stored, want the one in force", n)
	}

	removePlugin(t, c, "keeping", keeper)
	within(t, "a process without the removed plugin", func() bool {
		_, body := ask(t, s, "keeping")
		return !strings.Contains(body, "third-value")
	})
	applied(t, declare(t, c, "keeping", "organization: {name: y}\n"), orbit.ImpactRestart)
	if n := sets(t, s, "keeping"); n != 0 {
		t.Errorf("%d sets of secrets are stored of a plugin that is gone", n)
	}
	remove(t, c, "keeping")
}

func TestThePlanOfAPluginKnowsItsSecretsByName(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	declare(t, c, "knowing", "app: {}\n")
	applied(t, keep(t, c, "knowing", keeper, keeperConfig, 1, map[string]string{"TOKEN": "first-value"}), orbit.ImpactRestart)
	for _, test := range []struct {
		name     string
		version  int64
		names    []string
		impact   orbit.Impact
		warnings int
	}{
		{"the stored ones stay", 1, nil, orbit.ImpactNone, 0},
		{"the version moved", 2, []string{"TOKEN"}, orbit.ImpactLive, 0},
		{"the name is gone", 2, []string{}, orbit.ImpactRestart, 1},
	} {
		result, err := c.Plan(t.Context(), "knowing", orbit.PlanRequest{SecretNames: test.names, Plugin: &orbit.PluginPlan{
			Package: keeper, PluginSpec: orbit.PluginSpec{Version: "1.0.0", Config: keeperConfig, SecretsVersion: test.version},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if test.warnings == 0 && result.Impact != test.impact || len(result.Diagnostics) != test.warnings {
			t.Errorf("%s: the plan is %+v, want %s and %d warnings", test.name, result, test.impact, test.warnings)
		}
	}
	remove(t, c, "knowing")
}

// What waits for a restart takes no value away from the process that serves, nor from one that takes its place.
func TestASecretOfAPluginThatWaitsLeavesTheOneInForce(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "waiting", "app: {}\n")
	applied(t, keep(t, c, "waiting", keeper, keeperConfig+keeperTitle, 1, map[string]string{"TOKEN": "first-value"}), orbit.ImpactRestart)
	declare(t, c, "waiting", "app: {}\n", policy(orbit.RestartManual))
	pid := instance(t, c, "waiting").Status.PID

	change := keep(t, c, "waiting", keeper, keeperConfig+keeperTitle, 2, map[string]string{"TOKEN": "second-value"})
	if applied(t, change, orbit.ImpactRestart); !change.PendingRestart {
		t.Error("the rotation does not wait for a restart")
	}
	// A live change beside it is pushed with the values in force. Its verdict may come before, as live parts wait too.
	applied(t, declare(t, c, "waiting", "app: {}\n"+endpoint, policy(orbit.RestartManual)), orbit.ImpactLive)
	within(t, "the live change", func() bool {
		_, body := ask(t, s, "waiting")
		return strings.Contains(body, endpointKey) && instance(t, c, "waiting").Status.Phase == orbit.PhaseReady
	})
	runsWith(t, s, "waiting", []string{endpointKey, `"title":"first-value"`, "Bearer first-value"}, []string{"second-value"})
	pending(t, c, "waiting", true, pid)

	removePlugin(t, c, "waiting", keeper)
	pid = crashed(t, s, c, "waiting")
	runsWith(t, s, "waiting", []string{`"title":"first-value"`, "Bearer first-value"}, []string{"second-value"})
	pending(t, c, "waiting", true, pid)
	if n := sets(t, s, "waiting"); n != 1 {
		t.Errorf("%d sets of secrets are stored, want the one that serves", n)
	}
	applied(t, restart(t, c, "waiting"), orbit.ImpactRestart)
	runsWith(t, s, "waiting", []string{endpointKey}, []string{"first-value", "second-value"})
	remove(t, c, "waiting")
}
