package rollout

import (
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

// app is the web app of an instance with what is given; the zero App when it serves none.
func (a *actor) app(given store.Given) webapp.App {
	if !given.Spec.HasUI() {
		return webapp.App{}
	}
	app, _ := a.Apps.App(given.Spec.Release, given.FrontendPackages())
	return app
}

// portal are the keys with which an instance serves the web app at the URL: where the app is, and which of its packages are
// not to be seen there, beside those that the app-config leaves out itself.
func portal(app webapp.App, hidden []string, url string, config appconfig.Document) (appconfig.Document, error) {
	if app == (webapp.App{}) {
		return appconfig.Document{}, nil
	}
	for _, left := range config.At(appconfig.Keys("app", "packages", "exclude")).Items() {
		hidden = append(hidden, left.Text())
	}
	keys := map[string]any{"app": map[string]any{"packageName": app.Dir, "packages": map[string]any{"exclude": hidden}}}
	upgrade := appconfig.Keys("backend", "csp", "upgrade-insecure-requests")
	if strings.HasPrefix(url, "http:") && config.At(upgrade).Kind() == appconfig.Missing {
		// Backstage's own default would have browsers load the app over a TLS that is not there.
		keys["backend"] = map[string]any{"csp": map[string]any{"upgrade-insecure-requests": false}}
	}
	return written(keys)
}
