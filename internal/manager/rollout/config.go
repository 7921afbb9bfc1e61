package rollout

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// poolConnections bounds the connections of each plugin's pool. A plugin has a pool of its own, and an instance about
// twenty of them.
const poolConnections = 4

// effective composes the app-config that a process is given: the manager's own keys over the plugins' fragments over
// the instance's document, every reference replaced.
func (a *actor) effective(ctx context.Context, given store.Given) (runtime.Config, error) {
	password, err := a.Vault.DatabasePassword(ctx, a.workspace)
	if err != nil {
		return runtime.Config{}, err
	}
	session, err := a.Vault.SessionSecret(ctx, a.workspace)
	if err != nil {
		return runtime.Config{}, err
	}
	values, err := a.Vault.Names(ctx, a.workspace, given)
	if err != nil {
		return runtime.Config{}, err
	}
	state, err := given.State()
	if err != nil {
		return runtime.Config{}, err
	}
	resolved, diagnostics := state.Effective().Resolve(values.Lookup)
	if orbit.HasErrors(diagnostics) {
		return runtime.Config{}, &orbit.Problem{
			Code: diagnostics[0].Code, Title: "The app-config of workspace " + a.workspace + " cannot be composed",
			Detail: diagnostics[0].String(), Diagnostics: diagnostics,
		}
	}
	own, err := managed(a.URL(a.workspace, given.Spec.BaseURL), a.Databases.ConnectionFor(a.workspace), password)
	if err != nil {
		return runtime.Config{}, err
	}
	served, err := a.portal(given, resolved)
	if err != nil {
		return runtime.Config{}, err
	}
	trust, err := trusting(a.workspace, resolved, a.Access)
	if err != nil {
		return runtime.Config{}, err
	}
	signed, err := sessions(resolved, session)
	if err != nil {
		return runtime.Config{}, err
	}
	redact := append(values.Secrets(), password, session)
	redact = append(redact, a.Vetting.Literals(given)...)
	for _, value := range redact {
		a.given[value] = struct{}{}
	}
	return runtime.Config{Document: appconfig.Merge(resolved, own, served, trust, signed).JSON(), Redact: redact}, nil
}

// ensureDatabase makes the database that the effective app-config points at.
func (a *actor) ensureDatabase(ctx context.Context) error {
	password, err := a.Vault.DatabasePassword(ctx, a.workspace)
	if err != nil {
		return err
	}
	err = a.Databases.EnsureDatabase(ctx, a.workspace, password)
	if err != nil && !store.Unavailable(err) {
		return &orbit.Problem{
			Code: orbit.CodeDatabase, Title: "No database for workspace " + a.workspace, Detail: err.Error(),
		}
	}
	return err
}

// managed are the keys that orbitd sets itself; appconfig.OwnedKeys says why each is not the user's.
func managed(url string, db postgres.Connection, password string) (appconfig.Document, error) {
	type object = map[string]any
	connection := object{
		"host": db.Host, "port": db.Port, "user": db.User, "password": password, "database": db.Database,
	}
	ssl, err := tlsOptions(db)
	if err != nil {
		return appconfig.Document{}, err
	}
	if ssl != nil {
		connection["ssl"] = ssl
	}
	return written(object{
		"app": object{"baseUrl": url},
		"backend": object{
			"baseUrl": url,
			"listen":  object{"host": "127.0.0.1"},
			// Nobody else gets there. Without, cookies of an https URL would not be Secure: TLS ends at the gateway.
			"trustProxy": "loopback",
			// Its requests have ended when a process is told to stop: it waits for none.
			"lifecycle": object{"serverShutdownDelay": object{"seconds": 0}},
			"database": object{
				"client": "pg", "connection": connection, "pluginDivisionMode": "schema",
				// A role that may connect to its own database alone would hang on "CREATE DATABASE" otherwise.
				"ensureExists": false, "ensureSchemaExists": true,
				"knexConfig": object{"pool": object{"min": 0, "max": poolConnections}},
			},
		},
		"events":     object{"useEventBus": "never"},
		"scaffolder": object{"EXPERIMENTAL_gracefulShutdown": true},
	})
}

// written is the document that says what keys says.
func written(keys map[string]any) (appconfig.Document, error) {
	text, err := json.Marshal(keys)
	if err != nil {
		return appconfig.Document{}, fmt.Errorf("compose the manager's own keys: %w", err)
	}
	own, diagnostics := appconfig.Parse(string(text))
	if orbit.HasErrors(diagnostics) {
		return appconfig.Document{}, fmt.Errorf("compose the manager's own keys: %s", diagnostics[0])
	}
	return own, nil
}

// tlsOptions says to node-postgres what sslmode says to libpq: they are options of Node's tls.connect, nil for none.
func tlsOptions(db postgres.Connection) (map[string]any, error) {
	switch db.SSLMode {
	case "require", "verify-ca", "verify-full":
	default:
		return nil, nil //nolint:nilnil // no TLS is an answer
	}
	// libpq's require encrypts without asking who is there, unless a root certificate is given.
	options := map[string]any{"rejectUnauthorized": db.SSLMode != "require" || db.SSLRootCert != ""}
	if db.SSLRootCert != "" {
		authority, err := os.ReadFile(db.SSLRootCert)
		if err != nil {
			return nil, fmt.Errorf("read sslrootcert of the PostgreSQL URL: %w", err)
		}
		options["ca"] = string(authority)
	}
	return options, nil
}
