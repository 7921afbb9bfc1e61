package rollout

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// sessions is the document that lets people sign in with a provider that redirects them: Backstage keeps what it told the
// provider in a session, and signs the session's cookie. Where the instance's document has a secret of its own, there is
// nothing to add.
func sessions(document appconfig.Document, secret string) (appconfig.Document, error) {
	path := appconfig.Keys("auth", "session", "secret")
	for above := 1; above < len(path); above++ {
		if kind := document.At(path[:above]).Kind(); kind != appconfig.Mapping && kind != appconfig.Missing && kind != appconfig.Null {
			return appconfig.Document{}, nil // Backstage says what is wrong with that
		}
	}
	if kind := document.At(path).Kind(); kind != appconfig.Missing && kind != appconfig.Null {
		return appconfig.Document{}, nil
	}
	return written(map[string]any{"auth": map[string]any{"session": map[string]any{"secret": secret}}})
}
