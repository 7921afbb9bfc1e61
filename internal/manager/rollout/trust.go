package rollout

import (
	"encoding/json"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/access"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// trusting is the document that makes an instance take what orbitd signs for it, beside whatever its own document lets
// in. Merging replaces lists, so it has the document's entries too.
func trusting(workspace string, document appconfig.Document, a Access) (appconfig.Document, error) {
	path := appconfig.Keys("backend", "auth", "externalAccess")
	declared := document.At(path)
	if kind := declared.Kind(); kind != appconfig.Sequence && kind != appconfig.Missing && kind != appconfig.Null {
		return appconfig.Document{}, nil // Backstage does not start with that, and says why
	}
	trusted, err := a.Trusted(workspace)
	if err != nil {
		return appconfig.Document{}, err
	}
	// The first one: Backstage asks one after the other, and one of the document's may ask a server.
	entries := []json.RawMessage{trusted}
	for i, entry := range declared.Items() {
		if entry.Field("type").Text() == access.HandlerType { // behind a reference, or the plan had refused it
			return appconfig.Document{}, &orbit.Problem{
				Code:   orbit.CodeManagedKey,
				Title:  "The app-config of workspace " + workspace + " cannot be composed",
				Detail: path.Child(appconfig.Index(i)).String() + " has the type " + access.HandlerType + ", which is orbitd's own; remove the entry",
			}
		}
		entries = append(entries, json.RawMessage(entry.Canonical()))
	}
	return written(map[string]any{
		"backend": map[string]any{"auth": map[string]any{"externalAccess": entries}},
	})
}
