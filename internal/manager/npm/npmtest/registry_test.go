package npmtest_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
)

func TestTheRealNPMInstallsFromTheRegistry(t *testing.T) {
	t.Parallel()
	r := npmtest.NewRegistry(t,
		npmtest.Plugin("@acme/plugin-a-backend", "1.0.0", "a").Needs(map[string]string{"lib": "^1.0.0"}),
		npmtest.Package{Name: "lib", Version: "1.1.0", Pad: 1000}, npmtest.Package{Name: "lib", Version: "2.0.0"},
	)
	r.RequireToken("@acme", "hunter2")
	dir := t.TempDir()
	install := npm.Call{Dir: dir, Args: []string{"install", "--json", "@acme/plugin-a-backend@1.0.0"}}
	_, err := r.Client().Run(t.Context(), install)
	var failure *npm.Failure
	if !errors.As(err, &failure) || failure.Code != "E401" {
		t.Errorf("without a token npm says %v, want E401", err)
	}
	if _, err := r.Client(r.TokenLine("hunter2")).Run(t.Context(), install); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", "lib", "package.json"))
	if err != nil || !strings.Contains(string(text), `"1.1.0"`) {
		t.Errorf("lib is %s, %v", text, err)
	}
}

func TestTheRealNPMAuditsWithTheRegistry(t *testing.T) {
	t.Parallel()
	r := npmtest.NewRegistry(t, npmtest.Package{Name: "lib", Version: "1.1.0"})
	dir, client := t.TempDir(), r.Client()
	if _, err := client.Run(t.Context(), npm.Call{Dir: dir, Args: []string{"install", "--package-lock-only", "lib@1.1.0"}}); err != nil {
		t.Fatal(err)
	}
	audit := npm.Call{Dir: dir, Args: []string{"audit"}}
	if _, err := client.Run(t.Context(), audit); err != nil {
		t.Errorf("with nothing known npm audit says %v", err)
	}
	r.Advise("lib",
		npmtest.Advisory{ID: 7, URL: "https://advisories.invalid/7", Title: "It leaks", Severity: "high", Versions: "<1.2.0"})
	if _, err := client.Run(t.Context(), audit); err == nil {
		t.Error("npm audit finds nothing")
	}
}

func TestFaultsOfTheRegistryReachTheRealNPM(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault func(*npmtest.Registry) npmtest.Fault
		code  string
	}{
		"down":    {func(*npmtest.Registry) npmtest.Fault { return npmtest.Down() }, "ECONNRESET"},
		"garbage": {func(*npmtest.Registry) npmtest.Fault { return npmtest.Garbage("<html>log in</html>") }, "FETCH_ERROR"},
		"500":     {func(*npmtest.Registry) npmtest.Fault { return npmtest.Status(500) }, "E500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := npmtest.NewRegistry(t, npmtest.Package{Name: "lib", Version: "1.1.0"})
			r.Break(npmtest.Only("lib", c.fault(r)))
			view := npm.Call{Dir: t.TempDir(), Args: []string{"view", "--json", "lib@1.1.0"}}
			client := r.Client()
			_, err := client.Run(t.Context(), view)
			var failure *npm.Failure
			if !errors.As(err, &failure) || failure.Code != c.code {
				t.Errorf("npm says %v, want a failure %s", err, c.code)
			}
			r.Break()
			said, err := client.Run(t.Context(), view)
			if err != nil || !json.Valid(said) {
				t.Errorf("when it is whole again npm says %s, %v", said, err)
			}
		})
	}
}
