package orbit

import (
	"context"
	"net/http"
	"net/url"
)

// Package is what is known about an npm package in one version, before it is added to an instance.
type Package struct {
	Name    string `json:"name" doc:"The npm package name."`
	Version string `json:"version" doc:"The exact version that the rest speaks of."`
	// Role is backend-plugin, backend-plugin-module, frontend-plugin and so on; "" for a package that does not say.
	Role string `json:"role,omitempty" doc:"What it is to Backstage; a backend takes backend-plugin and backend-plugin-module. Absent where it does not say."`
	// PluginID is the id of the plugin that the package is, or extends.
	PluginID string `json:"plugin_id,omitempty" doc:"The id of the plugin that it is, or extends."`
	// PluginPackage is, for a module, the package of the plugin that it extends.
	PluginPackage string `json:"plugin_package,omitempty" doc:"For a module: the package of the plugin that it extends."`
	// PluginPackages are the packages that make up the plugin.
	PluginPackages []string `json:"plugin_packages" doc:"The packages that make up the plugin."`
	// Versions are the published ones, newest first, at most 200.
	Versions []string `json:"versions" doc:"The published versions, newest first, at most 200."`
	// LatestVersion is what the authors give to who asks for none.
	LatestVersion string `json:"latest_version,omitempty" doc:"The version that its authors tag as latest."`
	// Deprecated is what the authors say to those who still use this version; "" where they do not object.
	Deprecated string `json:"deprecated,omitempty" doc:"What its authors say against this version; absent where they do not object."`
	// Requires is what the package needs beside it.
	Requires PackageRequirements `json:"requires" doc:"What it needs."`
	// NewBackendSystem says whether it exports a feature of the new backend system; nil where it does not say.
	NewBackendSystem *bool `json:"new_backend_system,omitempty" doc:"Whether it exports a feature of Backstage's new backend system from its main entry point, the one that is loaded. Absent where it does not say."`
	// Release is the Backstage release that InRelease and Proven speak of.
	Release string `json:"release" doc:"The Backstage release that in_release and proven speak of."`
	// InRelease says that the release has the package already, so that it cannot be added.
	InRelease bool `json:"in_release" doc:"The release has it already: it is configured, not added."`
	// Proven is what became of the package when it was booted with the release; nil when that was not tried.
	Proven *ProvenPackage `json:"proven,omitempty" doc:"What became of it when it was booted with the release; absent when that was not tried."`
}

// PackageRequirements are what a package needs.
type PackageRequirements struct {
	// Node is the range of versions of Node.js, "" for any.
	Node string `json:"node,omitempty" doc:"Range of versions of Node.js; absent: any."`
	// Backstage are the ranges of the Backstage packages that it depends on, by name.
	Backstage map[string]string `json:"backstage" doc:"The Backstage packages that it depends on, with their ranges."`
	// Plugin is, for a module, the package of the plugin that has to be there.
	Plugin string `json:"plugin,omitempty" doc:"For a module: the package of the plugin that has to be there."`
}

// ProvenPackage is what became of a package when a real instance was booted with it.
type ProvenPackage struct {
	// Version is the exact version that was tried.
	Version string `json:"version" doc:"The exact version that was tried."`
	Booted  bool   `json:"booted" doc:"Whether Backstage was ready with it."`
	// Reason is why it did not boot.
	Reason string `json:"reason,omitempty" doc:"Why it did not boot."`
	// BootSeconds is the time from the start of the process until it served requests; 0 when it did not boot.
	BootSeconds float64 `json:"boot_seconds,omitempty" doc:"Seconds from the start of the process until it served requests."`
	// MemoryMB is the resident memory above that of the release alone, in units of 1,000,000 bytes. Below about 20 either
	// way it is noise.
	MemoryMB float64 `json:"memory_mb,omitempty" doc:"Resident memory that it added, in MB; below about 20 either way it is noise."`
}

// PackageQuestion says what of a package is asked for.
type PackageQuestion struct {
	// Version is an exact version or a range; "" is the latest.
	Version string
	// Release is the Backstage release that it is to be added to; "" is orbitd's default.
	Release string
}

// GetPackage tells about an npm package. Errors have the codes package_not_found and version_not_found, or unchecked when
// the registry does not answer.
func (c *Client) GetPackage(ctx context.Context, name string, question PackageQuestion) (*Package, error) {
	query := url.Values{}
	if question.Version != "" {
		query.Set("version", question.Version)
	}
	if question.Release != "" {
		query.Set("release", question.Release)
	}
	var found Package
	err := c.do(ctx, call{method: http.MethodGet, path: "/v1/packages/" + segment(name), query: query, repeatable: true}, &found)
	if err != nil {
		return nil, err
	}
	return &found, nil
}
