package manager_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The manager's own keys go over the plugins' fragments, and those over the instance's document.
func TestAnAppConfigIsComposedInItsOrder(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	change := declare(t, c, "composed", "app: {title: of-the-instance, support: {url: kept}}\norganization: {name: unset}\n", func(w *orbit.InstanceWrite) {
		w.Plugins = map[string]orbit.PluginSpec{
			"@acme/plugin-b-backend": {Version: "1.0.0", Config: "app: {title: of-a-plugin}\nsame: [1]\nb: 1\n"},
			"@acme/plugin-a-backend": {Version: "1.0.0", Config: "organization: null\nsame: [1]\na: 1\n"},
		}
	})
	applied(t, change, orbit.ImpactNone)
	runsWith(
		t, s, "composed",
		[]string{`"title":"of-a-plugin"`, `"url":"kept"`, `"same":[1],"a":1,"b":1`, `"pluginDivisionMode":"schema"`},
		[]string{"of-the-instance", "unset"},
	)
	for key, config := range map[string]string{
		"the instance's document": "backend: {baseUrl: 'http://elsewhere'}\n",
		"a plugin's fragment":     "",
	} {
		write := small(config)
		if config == "" {
			write.Plugins = map[string]orbit.PluginSpec{"@acme/plugin-b-backend": {Version: "1.0.0", Config: "backend: {baseUrl: 'http://elsewhere'}\n"}}
		}
		_, err := c.PutInstance(t.Context(), "composed-too", orbit.IfAbsent(), write)
		if p := refused(t, err, orbit.CodeManagedKey); len(p.Diagnostics) != 1 {
			t.Errorf("%s: %+v", key, p.Diagnostics)
		}
	}
	remove(t, c, "composed")
}
