package process_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/runtimetest"
)

// backstageFeature is a feature of a bundle: a plugin that does with its config what the host in testdata does, and a
// router without authentication, because the real one needs a database.
const backstageFeature = `
const { createBackendPlugin, createServiceFactory, coreServices } = require('@backstage/backend-plugin-api');
const plugin = createBackendPlugin({ pluginId: 'test', register: env => env.registerInit({
  deps: { config: coreServices.rootConfig },
  async init({ config }) {
    const boot = config.getOptionalString('fake.boot');
    if (boot === 'fail') throw new Error('Missing required config value');
    if (boot === 'hang') await new Promise(() => {});
  },
}) });
const router = createServiceFactory({ service: coreServices.httpRouter, deps: {}, factory: () => ({}) });
`

// backstageLab is a lab with the real host, the real framework and the real Node.
func backstageLab(t *testing.T) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("short: starts Backstage")
	}
	release := os.Getenv("ORBIT_TEST_BUNDLE")
	if release == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	l := emptyLab(t)
	var err error
	if l.host, err = filepath.Abs("../../../../backstage/host"); err != nil {
		t.Fatal(err)
	}
	l.bundle = filepath.Join(l.dir, "bundle")
	l.write(t, "bundle/package.json", `{"private":true,"orbit":{"features":["feature","router"]}}`)
	for name, export := range map[string]string{"feature": "plugin", "router": "router"} {
		l.write(t, "bundle/node_modules/"+name+"/package.json",
			`{"name":"`+name+`","version":"1.0.0","backstage":{"role":"backend-plugin"}}`)
		l.write(t, "bundle/node_modules/"+name+"/index.js", backstageFeature+"exports.default = "+export+";\n")
	}
	links, err := filepath.Glob(filepath.Join(release, "node_modules", "node-linux-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range append(links, filepath.Join(release, "node_modules", "@backstage")) {
		if err := os.Symlink(target, filepath.Join(l.bundle, "node_modules", filepath.Base(target))); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestConformanceWithBackstage(t *testing.T) {
	t.Parallel()
	runtimetest.Run(t, func(t *testing.T) runtimetest.Site {
		s := backstageLab(t).site(t)
		s.Boot, s.Broken, s.Endless = bootingBackstage("well"), bootingBackstage("fail"), bootingBackstage("hang")
		s.Change = func(workspace string) runtime.Config { return bootingBackstage("changed")(workspace).Config }
		return s
	})
}

// bootingBackstage is a boot of the real Backstage that goes as how says.
func bootingBackstage(how string) func(string) runtime.Boot {
	return func(workspace string) runtime.Boot {
		url := "http://" + workspace + ".localhost:7007"
		document, err := json.Marshal(map[string]any{
			"app": map[string]any{"baseUrl": url},
			"backend": map[string]any{
				"baseUrl": url, "listen": map[string]any{"host": "127.0.0.1"}, "database": map[string]any{"client": "pg"},
			},
			"fake": map[string]any{"boot": how},
		})
		if err != nil {
			panic(err) // maps of strings have a JSON form
		}
		return runtime.Boot{Config: runtime.Config{Document: document}}
	}
}
