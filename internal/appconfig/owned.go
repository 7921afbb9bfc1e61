package appconfig

import (
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// OwnedKey is a key of app-config that the manager sets itself, over everything else.
type OwnedKey struct {
	Path Path
	// Why is a sentence for the user, without a full stop.
	Why string
}

// OwnedKeys returns the keys that the manager sets. A path owns everything below it.
//
// The token issuer is among them through backend.baseUrl: Backstage's auth backend signs tokens in the name of that URL
// and has no key of its own for it.
func OwnedKeys() []OwnedKey {
	return []OwnedKey{
		{Keys("app", "baseUrl"), "the gateway decides under which URL an instance is reached"},
		{Keys("app", "disableConfigInjection"), "one web app serves many instances, and each tells it its own config"},
		{Keys("app", "disableStaticFallbackCache"), "the manager keeps the web app that was served before for browsers that have it open"},
		{Keys("app", "earlierPackageName"), "the manager keeps the web app that was served before for browsers that have it open"},
		{Keys("app", "packageName"), "the manager builds the web app, and knows where it is"},
		{Keys("backend", "baseUrl"), "the gateway decides under which URL an instance is reached, and tokens are issued in its name"},
		{Keys("backend", "database"), "every instance has a database and a role of its own, which the manager makes"},
		{Keys("backend", "https"), "TLS ends at the gateway, which speaks plain HTTP to the instance"},
		{Keys("backend", "lifecycle", "serverShutdownDelay"), "the manager drains requests before it stops a process"},
		{Keys("backend", "listen"), "the process listens on an address that the gateway knows"},
		{Keys("backend", "trustProxy"), "the gateway alone reaches the process, and tells it whom a request comes from"},
		{Keys("events", "useEventBus"), "an instance is one process, and waiting for other ones holds up every restart for most of a minute"},
		{Keys("scaffolder", "EXPERIMENTAL_gracefulShutdown"), "running scaffolder tasks end before their process does"},
	}
}

// CheckOwned returns a managed_key for each key of the document that the manager sets itself.
func (d Document) CheckOwned() []orbit.Diagnostic {
	var diagnostics []orbit.Diagnostic
	for _, owned := range OwnedKeys() {
		if d.At(owned.Path).Kind() == Missing {
			continue
		}
		line, column := d.Position(owned.Path)
		diagnostics = append(diagnostics, orbit.Diagnostic{
			Code: orbit.CodeManagedKey, Severity: orbit.SeverityError, Path: owned.Path.String(),
			Message: fmt.Sprintf("orbitd sets %s itself: %s; remove the key", owned.Path, owned.Why),
			Line:    line, Column: column,
		})
	}
	return diagnostics
}
