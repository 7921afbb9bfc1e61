package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// document is a JSON object whose fields stay as they are unless they are set.
type document map[string]json.RawMessage

// field reads a field; one that is not there leaves into as it is.
func (d document) field(name string, into any) error {
	raw, found := d[name]
	if !found {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (d document) set(name string, value any) error {
	raw, err := encode(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d[name] = raw
	return nil
}

// copy gives a field the value that it has in another document, also that of not being there.
func (d document) copy(from document, name string) {
	if raw, found := from[name]; found {
		d[name] = raw
	} else {
		delete(d, name)
	}
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // ranges are full of < and >
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return text.Bytes(), err
}

// withPlugins returns the package.json with the plugins among its dependencies and among the packages that the host loads.
func withPlugins(manifest []byte, plugins []Plugin) ([]byte, error) {
	var set, section document
	if err := json.Unmarshal(manifest, &set); err != nil {
		return nil, err
	}
	if err := set.field("orbit", &section); err != nil {
		return nil, err
	}
	var features []string
	if err := section.field("features", &features); err != nil {
		return nil, fmt.Errorf("orbit.%w", err)
	}
	dependencies := map[string]string{}
	if err := set.field(dependenciesField, &dependencies); err != nil {
		return nil, err
	}
	for _, plugin := range plugins {
		dependencies[plugin.Package] = plugin.Version
		if !slices.Contains(features, plugin.Package) {
			features = append(features, plugin.Package)
		}
	}
	if section == nil {
		section = document{}
	}
	if err := section.set("features", features); err != nil {
		return nil, err
	}
	if err := errors.Join(set.set("orbit", section), set.set(dependenciesField, dependencies)); err != nil {
		return nil, err
	}
	return encode(set)
}
