package npm

// The roles of packages that a backend can load.
const (
	RoleBackendPlugin = "backend-plugin"
	RoleBackendModule = "backend-plugin-module"
)

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
}
