package main

import (
	"encoding/json"
	"path/filepath"
)

type object = map[string]any

// declared is the app-config that the measured instance is declared with.
type declared struct {
	origin    string            // backend.cors.origin, whose change is a restart
	endpoints map[string]string // of the proxy, by path, whose change is live
	catalog   string            // a folder with catalog.yaml
	headless  bool              // without the web app
}

// keys are the app-config's keys.
func (d declared) keys() object {
	endpoints := object{}
	for path, target := range d.endpoints {
		endpoints[path] = object{"target": target}
	}
	return object{
		"app":          object{"title": "Bench"},
		"organization": object{"name": "Bench"},
		"auth":         object{"providers": object{"guest": object{"dangerouslyAllowOutsideDevelopment": true}}},
		"backend":      object{"cors": object{"origin": d.origin}},
		"proxy":        object{"endpoints": endpoints},
		"catalog": object{
			"rules":     []object{{"allow": []string{"Component"}}},
			"locations": []object{{"type": "file", "target": filepath.Join(d.catalog, "catalog.yaml")}},
		},
	}
}

// String is the document as JSON.
func (d declared) String() string { return encode(d.keys()) }

// encode renders what is made of maps, lists, texts and numbers.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // such values have a JSON form
	}
	return string(text)
}

// component is the path of catalogText's entity: a read that goes through authentication, permissions and the database.
const component = "/api/catalog/entities/by-name/component/default/payments"

// catalogDescription is what the catalog's page shows of that entity.
const catalogDescription = "Takes cards and bank transfers."

const catalogText = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  description: ` + catalogDescription + `
spec:
  type: service
  lifecycle: production
  owner: team-checkout
`
