package rollout

import (
	"context"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

// withApps is what is given with the web apps that its process is to serve: the one of its packages, and the one that was
// served before, for browsers that have that open.
func (a *actor) withApps(ctx context.Context, given store.Given) (store.Given, error) {
	given.App, given.EarlierApp = "", ""
	if !given.Spec.HasUI() {
		return given, nil
	}
	instance, err := a.Store.Instance(ctx, a.workspace)
	if err != nil {
		return given, err
	}
	given.App = a.Apps.App(given.Spec.Release, given.FrontendPackages()).Hash
	if served := instance.Served; served != nil {
		given.EarlierApp = served.App
		if served.App == given.App {
			given.EarlierApp = served.EarlierApp
		}
	}
	return given, nil
}

// portal are the keys with which an instance serves the web app that it is given; none without one.
func (a *actor) portal(given store.Given, config appconfig.Document) (appconfig.Document, error) {
	now, built := a.Apps.FindApp(given.App)
	if !built {
		return appconfig.Document{}, nil
	}
	earlier, _ := a.Apps.FindApp(given.EarlierApp)
	hidden := a.Apps.Hidden(given.Spec.Release, given.Packages(), given.FrontendPackages())
	return served(now, earlier, hidden, a.URL(a.workspace, given.Spec.BaseURL), config)
}

// served are the keys with which an instance serves a web app at the URL: where it is, and which of its packages are not to
// be seen there, beside those that the app-config leaves out itself. The earlier app may be the zero App.
func served(now, earlier webapp.App, hidden []string, url string, config appconfig.Document) (appconfig.Document, error) {
	exclude := append([]string{}, hidden...)
	for _, left := range config.At(appconfig.Keys("app", "packages", "exclude")).Items() {
		exclude = append(exclude, left.Text())
	}
	app := map[string]any{
		"packageName": now.Dir, "packages": map[string]any{"exclude": exclude},
		// The cache has every app: none has to be kept in each instance's database.
		"disableStaticFallbackCache": true,
	}
	if earlier.Hash != "" {
		app["earlierPackageName"] = earlier.Dir
	}
	keys := map[string]any{"app": app}
	upgrade := appconfig.Keys("backend", "csp", "upgrade-insecure-requests")
	if strings.HasPrefix(url, "http:") && config.At(upgrade).Kind() == appconfig.Missing {
		// Backstage's own default would have browsers load the app over a TLS that is not there.
		keys["backend"] = map[string]any{"csp": map[string]any{"upgrade-insecure-requests": false}}
	}
	return written(keys)
}
