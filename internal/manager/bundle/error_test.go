package bundle_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm/npmtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// fails is the script of an npm that installs the release and fails to resolve plugins with this error.
func fails(errorJSON string) string {
	return installs + `case "$*" in *--package-lock-only*)
echo 'npm warn something else' >&2
cat <<'END'
{"error":` + errorJSON + `}
END
exit 1 ;; esac`
}

func TestWhatNPMSaysIsMapped(t *testing.T) {
	t.Parallel()
	other := bundle.Plugin{Package: "other", Version: "1.0.0"}
	tests := []struct {
		name    string
		plugins []bundle.Plugin
		json    string
		code    orbit.Code
		plugin  string
		says    string
	}{
		{
			name: "no such package", plugins: []bundle.Plugin{argo, other},
			json: `{"code":"E404","summary":"Not Found - GET https://registry.invalid/@acme%2fargo-backend",
				"detail":"The requested resource '@acme/argo-backend@4.8.0' could not be found or you may not see it."}`,
			code: orbit.CodePackageNotFound, plugin: argo.Package, says: "Not Found",
		}, {
			name: "no such version", plugins: []bundle.Plugin{argo, other},
			json: `{"code":"ETARGET","summary":"No matching version found for @acme/argo-backend@4.8.0.","detail":""}`,
			code: orbit.CodeVersionNotFound, plugin: argo.Package, says: "No matching version",
		}, {
			name: "a dependency that is missing", plugins: []bundle.Plugin{argo},
			json: `{"code":"E404","summary":"Not Found","detail":"The requested resource 'lost@^1' could not be found or"}`,
			code: orbit.CodeUnresolvable, plugin: argo.Package, says: "depends on lost",
		}, {
			name: "a conflict in a set", plugins: []bundle.Plugin{argo, other},
			json: `{"code":"ERESOLVE","summary":"unable to resolve dependency tree",
				"detail":"Found: react@17.0.2\nFor a full report see:\n/home/someone/.npm/_logs/report.txt"}`,
			code: orbit.CodeUnresolvable, says: "react@17.0.2",
		}, {
			name: "no network", plugins: []bundle.Plugin{argo},
			json: `{"code":"ECONNREFUSED","summary":"request failed","detail":""}`,
			code: orbit.CodeInstallFailed, plugin: argo.Package, says: "ECONNREFUSED: request failed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			_, err := open(t, cache, npmtest.NewFake(t, fails(test.json))).Ensure(t.Context(), release, test.plugins)
			var found *bundle.Error
			if !errors.As(err, &found) {
				t.Fatalf("Ensure gave %v, want a *bundle.Error", err)
			}
			if found.Code != test.code || found.Plugin != test.plugin || !strings.Contains(found.Detail, test.says) {
				t.Errorf("got %s, plugin %q, %q; want %s, plugin %q, with %q",
					found.Code, found.Plugin, found.Detail, test.code, test.plugin, test.says)
			}
			if strings.Contains(found.Detail, "_logs") {
				t.Errorf("the detail names npm's own log: %s", found.Detail)
			}
			if got := entries(t, cache); len(got) != 1 {
				t.Errorf("the cache holds %v, want the release alone", got)
			}
		})
	}
}

func TestCredentialsAreNotQuoted(t *testing.T) {
	t.Parallel()
	npm := npmtest.NewFake(t, `cat <<'END'
{"error":{"code":"E401","summary":"GET https://user:hunter2@registry.invalid/x?token=hunter3 - unauthorized",
"detail":"//registry.invalid/:_authToken=hunter4\nAuthorization: Bearer hunter5 npm_hunter6hunter6hunter6hunter6"}}
END
exit 1`)
	_, err := open(t, t.TempDir(), npm).Ensure(t.Context(), release, nil)
	var found *bundle.Error
	if !errors.As(err, &found) || found.Code != orbit.CodeInstallFailed {
		t.Fatalf("Ensure gave %v, want install_failed", err)
	}
	if strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), "unauthorized") {
		t.Errorf("the error is %v", err)
	}
}

func TestNPMThatPrintsNoJSONIsQuoted(t *testing.T) {
	t.Parallel()
	_, err := open(t, t.TempDir(), npmtest.NewFake(t, "echo 'no space left on device' >&2; exit 1")).
		Ensure(t.Context(), release, nil)
	if err == nil || !strings.Contains(err.Error(), "no space left on device") ||
		!strings.Contains(err.Error(), "the packages of r 1.0.0") {
		t.Errorf("Ensure gave %v", err)
	}
}

func TestWithoutNPMTheErrorSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	store, err := bundle.NewStore(bundle.Options{Dir: t.TempDir(), NPM: npm.Client{Path: t.TempDir() + "/npm"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Ensure(t.Context(), release, nil)
	if !errors.Is(err, npm.ErrNoNPM) || !strings.Contains(err.Error(), "install Node.js") {
		t.Errorf("Ensure gave %v", err)
	}
}

func TestNPMIsNotAskedForWhatIsNoPackage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		plugin bundle.Plugin
		code   orbit.Code
	}{
		{bundle.Plugin{Package: "--foo", Version: "1.0.0"}, orbit.CodeInvalidPackage},
		{bundle.Plugin{Package: "../local", Version: "1.0.0"}, orbit.CodeInvalidPackage},
		{bundle.Plugin{Package: "git+ssh://x/y", Version: "1.0.0"}, orbit.CodeInvalidPackage},
		{bundle.Plugin{Package: "", Version: "1.0.0"}, orbit.CodeInvalidPackage},
		{bundle.Plugin{Package: "a", Version: "^1.0.0"}, orbit.CodeInvalidVersion},
		{bundle.Plugin{Package: "a", Version: "latest"}, orbit.CodeInvalidVersion},
		{bundle.Plugin{Package: "a", Version: "v1.0.0"}, orbit.CodeInvalidVersion},
		{bundle.Plugin{Package: "a", Version: ""}, orbit.CodeInvalidVersion},
	}
	npm := npmtest.NewFake(t, installs)
	store := open(t, t.TempDir(), npm)
	for _, test := range tests {
		_, err := store.Ensure(t.Context(), release, []bundle.Plugin{test.plugin})
		var found *bundle.Error
		if !errors.As(err, &found) || found.Code != test.code {
			t.Errorf("%s: Ensure gave %v, want %s", test.plugin, err, test.code)
		}
	}
	if calls := npm.Calls(); len(calls) != 0 {
		t.Errorf("npm was called with %q", calls)
	}
}
