package main

import (
	"context"
	"encoding/json"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// instance is a running Backstage.
type instance struct {
	lab       *lab
	workspace string
	database  string
	process   runtime.Process
	guest     string // the token of somebody who signed in
}

// config is the document with the keys that orbitd would set.
func (i *instance) config(document appconfig.Document) runtime.Config {
	type object = map[string]any
	c := i.lab.sql.Config()
	text, err := json.Marshal(object{
		"app": object{"baseUrl": "http://acme.localhost:7007"},
		"backend": object{
			"baseUrl": "http://acme.localhost:7007", "listen": object{"host": "127.0.0.1"},
			"lifecycle": object{"serverShutdownDelay": object{"seconds": 0}},
			"database": object{
				"client": "pg", "pluginDivisionMode": "schema", "ensureExists": false, "ensureSchemaExists": true,
				"connection": object{"host": c.Host, "port": c.Port, "user": c.User, "password": c.Password, "database": i.database},
				"knexConfig": object{"pool": object{"min": 0, "max": 4}},
			},
		},
		"events": object{"useEventBus": "never"}, "scaffolder": object{"EXPERIMENTAL_gracefulShutdown": true},
	})
	if err != nil {
		panic(err) // strings and numbers have a JSON form
	}
	own, _ := appconfig.Parse(string(text))
	resolved, _ := document.Resolve(func(string) (string, bool) { return "", false })
	return runtime.Config{Document: json.RawMessage(i.lab.hosts.Replace(string(appconfig.Merge(resolved, own).JSON())))}
}

func (i *instance) push(ctx context.Context, document appconfig.Document, looks []changeplan.Look) error {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	return i.process.Push(ctx, i.config(document), looks)
}
