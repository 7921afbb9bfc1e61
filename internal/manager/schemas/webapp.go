package schemas

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

// builtIn is where, in an app's folder, Backstage's build writes the schemas of what it built in. Before Backstage serves the
// app it holds the app-config against these, and against nothing else of the frontend.
var builtIn = filepath.Join("dist", ".config-schema.json")

// OfWebApp returns the schemas that were built into a web app.
func (k *Keeper) OfWebApp(app webapp.App) (configschema.Set, error) {
	key := bundle.Hash("web app schemas", app.Hash)
	if set, found := k.recall(key); found {
		return set, nil
	}
	file := filepath.Join(app.Dir, builtIn)
	text, err := os.ReadFile(file)
	if err != nil {
		return configschema.Set{}, fmt.Errorf("read the config schemas of a web app: %w", err)
	}
	set, err := k.parse(key, file, text)
	if err != nil {
		return configschema.Set{}, fmt.Errorf("read the config schemas of a web app: %w", err)
	}
	debug.FreeOSMemory() // as in Known
	return set, nil
}

// Added returns the schemas of what plugins add to the frontend packages of a release, as a web app with them has them beside
// its own. The release itself, the backend, has to be installed. An error is as that of Of.
func (k *Keeper) Added(ctx context.Context, release, frontend bundle.Release, plugins []bundle.Plugin) (configschema.Set, error) {
	base, err := k.base(release)
	if err != nil {
		return configschema.Set{}, err
	}
	keys, err := k.readAdded(ctx, base, frontend, plugins)
	if err != nil {
		return configschema.Set{}, err
	}
	set, found := k.join(keys)
	if !found {
		return configschema.Set{}, k.errNotKept()
	}
	return set, nil
}
