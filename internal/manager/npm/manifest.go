package npm

import (
	"bytes"
	"encoding/json"
)

// The roles of packages that a backend can load, and of those that a web app is built with.
const (
	RoleBackendPlugin  = "backend-plugin"
	RoleBackendModule  = "backend-plugin-module"
	RoleFrontendPlugin = "frontend-plugin"
	RoleFrontendModule = "frontend-plugin-module"
)

// The types, in Backstage.Features, of entry points that a web app of the new frontend system takes.
const (
	FrontendPlugin = "@backstage/FrontendPlugin"
	FrontendModule = "@backstage/FrontendModule"
)

// BackendFeature is the type, in Backstage.Features, of an entry point that a backend can load.
const BackendFeature = "@backstage/BackendFeature"

// Backstage is what a package.json says about the package to Backstage.
type Backstage struct {
	// Role is backend-plugin, backend-plugin-module, frontend-plugin and so on; "" for a package that says nothing.
	Role string `json:"role,omitempty"`
	// PluginID is the id of the plugin that the package is, or belongs to.
	PluginID string `json:"pluginId,omitempty"`
	// PluginPackage is, for a module, the package of the plugin that it extends.
	PluginPackage string `json:"pluginPackage,omitempty"`
	// PluginPackages are the packages that make up the plugin.
	PluginPackages []string `json:"pluginPackages,omitempty"`
	// Features are the types of what the entry points export by default, by entry point: "." and "./alpha" for example.
	// Packages built before Backstage's tools wrote this down have none.
	Features map[string]string `json:"features,omitempty"`
	// Moved is the package that takes this one's place.
	Moved string `json:"moved,omitempty"`
}

// Dist is how the registry hands a version out.
type Dist struct {
	// Tarball is its address.
	Tarball string `json:"tarball,omitempty"`
	// Integrity is its hash, in the form of Subresource Integrity.
	Integrity string `json:"integrity,omitempty"`
	// UnpackedSize is in bytes; 0 where the registry does not say.
	UnpackedSize int64 `json:"unpackedSize,omitempty"`
}

// Manifest is what the registry says of one version of a package: its package.json and what the registry added. A part
// of another form than described here is as if it were absent, because anybody can publish anything.
type Manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Backstage is empty for a package that is not made for Backstage.
	Backstage Backstage `json:"backstage"`
	// Engines are the ranges of versions of node, npm and so on that the package wants.
	Engines map[string]string `json:"engines,omitempty"`
	// Dependencies and PeerDependencies are ranges by package.
	Dependencies     map[string]string `json:"dependencies,omitempty"`
	PeerDependencies map[string]string `json:"peerDependencies,omitempty"`
	// Deprecated is what its authors say to those who still use this version; "" where they do not object.
	Deprecated string `json:"deprecated,omitempty"`
	Dist       Dist   `json:"dist"`
	// ConfigSchema is the schema of the package's part of app-config: a path inside the package, or the schema itself.
	ConfigSchema json.RawMessage `json:"configSchema,omitempty"`
	// Main and Exports are the package's entry points.
	Main    string          `json:"main,omitempty"`
	Exports json.RawMessage `json:"exports,omitempty"`
}

// UnmarshalJSON reads each part by itself, so that one of another form costs only itself.
func (b *Backstage) UnmarshalJSON(text []byte) error {
	return lenient(text, map[string]any{
		"role": &b.Role, "pluginId": &b.PluginID, "pluginPackage": &b.PluginPackage,
		"pluginPackages": &b.PluginPackages, "features": &b.Features, "moved": &b.Moved,
	})
}

// UnmarshalJSON reads each part by itself, so that one of another form costs only itself.
func (d *Dist) UnmarshalJSON(text []byte) error {
	return lenient(text, map[string]any{
		"tarball": &d.Tarball, "integrity": &d.Integrity, "unpackedSize": &d.UnpackedSize,
	})
}

// UnmarshalJSON reads each part by itself, so that one of another form costs only itself.
func (m *Manifest) UnmarshalJSON(text []byte) error {
	return lenient(text, map[string]any{
		"name": &m.Name, "version": &m.Version, "backstage": &m.Backstage, "engines": &m.Engines,
		"dependencies": &m.Dependencies, "peerDependencies": &m.PeerDependencies, "deprecated": &m.Deprecated,
		"dist": &m.Dist, "configSchema": &m.ConfigSchema, "main": &m.Main, "exports": &m.Exports,
	})
}

// lenient reads those fields of an object that have the form they should.
func lenient(text []byte, fields map[string]any) error {
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	for name, into := range fields {
		if value, ok := object[name]; ok {
			_ = json.Unmarshal(value, into) // the doc comments of the types say why
		}
	}
	return nil
}
