package orbit

import (
	"cmp"
	"strings"
	"time"
)

// MaxWorkspaceLength is the number of characters a workspace's name may have: with a suffix it still has to fit a
// PostgreSQL identifier and a DNS label.
const MaxWorkspaceLength = 40

// Bounds and default of an instance's memory limit, in MiB.
const (
	MinMemoryLimitMiB     = 256
	DefaultMemoryLimitMiB = 1024
	MaxMemoryLimitMiB     = 65536
)

// InstanceSpec is what a user declares about a workspace's Backstage instance.
type InstanceSpec struct {
	// Release is the Backstage release, "1.55.0" for example.
	Release string `json:"release" doc:"The Backstage release, one of GET /v1/releases." example:"1.55.0"`
	// Config is the instance's app-config document as YAML or JSON, with references such as ${NAME} in place of secrets.
	Config string `json:"config,omitempty" doc:"The app-config document, YAML or JSON. ${NAME} stands for a secret."`
	// Plugins are the plugins that belong to the instance itself, by npm package name.
	Plugins map[string]PluginSpec `json:"plugins,omitempty" doc:"The instance's own plugins by npm package name."`
	// SecretsVersion changes whenever the secrets' values do.
	SecretsVersion int64 `json:"secrets_version,omitempty" doc:"Changes whenever the secrets' values do."`
	// Variables are the plain values behind references in the documents, readable by everybody who reads the instance. A
	// name is a variable or a secret, not both.
	Variables map[string]string `json:"variables,omitempty" doc:"Plain values behind ${NAME}, for what is no secret."`
	// LiteralSecrets says what a literal costs where a package's schema says that a secret stands; "" is LiteralsWarn.
	LiteralSecrets LiteralSecrets `json:"literal_secrets,omitempty" enum:"warn,deny" doc:"What a literal value costs where a package's schema says that a secret stands: a warning, or the change. Absent: warn."`
	// Labels say what the instance is for, team = payments for example. They are for finding instances and reach no process.
	// Names and values are those of Kubernetes' labels; declare.Labels checks them.
	Labels map[string]string `json:"labels,omitempty" doc:"For finding instances, with the names and values that Kubernetes' labels may have."`
	// UI says whether the instance serves Backstage's web app; nil is yes. See HasUI.
	UI *bool `json:"ui,omitempty" doc:"Serve Backstage's web app. Absent: true."`
	// BaseURL is where people open the instance when that is not <workspace>.<domain of the gateway>: https://portal.example.com,
	// without path, query, user or trailing slash. "" is the gateway's own name for it.
	BaseURL string `json:"base_url,omitempty" doc:"Where people open the instance, when it has a domain of its own: https://portal.example.com. Absent: its name under the gateway's domain."`
	// MemoryLimitMiB limits the process's memory, in MiB.
	MemoryLimitMiB int `json:"memory_limit_mib" minimum:"256" maximum:"65536" doc:"Limit of the process's memory in MiB."`
	// DeletionProtection refuses to delete the instance, because that drops its database.
	DeletionProtection bool `json:"deletion_protection" doc:"Refuse to delete the instance and its database."`
	// RestartPolicy says what happens to changes that cost a restart or an upgrade; "" is RestartAuto.
	RestartPolicy RestartPolicy `json:"restart_policy,omitempty" enum:"auto,manual,forbid" doc:"What happens to changes of the instance and its plugins that cost a restart or an upgrade. Absent: auto."`
}

// HasUI says whether the instance serves Backstage's web app.
func (s InstanceSpec) HasUI() bool { return s.UI == nil || *s.UI }

// OwnHost is the host name of the BaseURL, without its port; "" where there is none.
func (s InstanceSpec) OwnHost() string {
	_, host, _ := strings.Cut(s.BaseURL, "://")
	host, _, _ = strings.Cut(host, ":")
	return host
}

// LiteralSecrets says what happens to a literal where a package's schema says that a secret stands.
type LiteralSecrets string

const (
	// LiteralsWarn lets it pass with a warning.
	LiteralsWarn LiteralSecrets = "warn"
	// LiteralsDeny refuses it.
	LiteralsDeny LiteralSecrets = "deny"
)

// RestartPolicy says what happens to changes of an instance and of its plugins that cost a restart or an upgrade.
type RestartPolicy string

const (
	// RestartAuto rolls them out.
	RestartAuto RestartPolicy = "auto"
	// RestartManual stores them: they are rolled out by a restart that is asked for, or when the policy is auto again.
	RestartManual RestartPolicy = "manual"
	// RestartForbid refuses them.
	RestartForbid RestartPolicy = "forbid"
)

// Valid says whether p is one of the three policies, or "" for auto.
func (p RestartPolicy) Valid() bool {
	return p == "" || p == RestartAuto || p == RestartManual || p == RestartForbid
}

// Automatic says whether the policy rolls out what costs a restart.
func (p RestartPolicy) Automatic() bool { return p == "" || p == RestartAuto }

// RestartRequest is the body of POST /v1/instances/{workspace}/restart.
type RestartRequest struct {
	// DeadlineSeconds is how long the restart may take until it has failed; 0 means DefaultDeadline.
	DeadlineSeconds int `json:"deadline_seconds,omitempty" minimum:"0" maximum:"86400" doc:"Seconds until the restart has failed. 0: 600."`
}

// PluginSpec is what a user declares about one plugin.
type PluginSpec struct {
	// Version is an exact semantic version or a range of them, as npm reads it: 4.8.0, ^4.8.0, ~4.8, 4.x.
	Version string `json:"version" doc:"Semantic version of the npm package, exact or a range." example:"4.8.0"`
	// ResolvedVersion is the exact version that orbitd chose for a range, once and for ever for a workspace, package and
	// range. orbitd alone sets it; it is "" for an exact Version.
	ResolvedVersion string `json:"resolved_version,omitempty" readOnly:"true" doc:"The exact version that orbitd chose for a range. It is ignored in a write."`
	// Frontend says that the package is a part of the web app and not of the backend. orbitd alone finds out and sets it.
	Frontend bool `json:"frontend,omitempty" readOnly:"true" doc:"It is a part of the web app, not of the backend. It is ignored in a write."`
	// Config is the plugin's fragment of app-config as YAML or JSON; it goes over the instance's document.
	Config string `json:"config,omitempty" doc:"The plugin's app-config fragment, YAML or JSON, laid over the instance's document."`
	// SecretsVersion changes whenever the plugin's own secrets' values do.
	SecretsVersion int64 `json:"secrets_version,omitempty" doc:"Changes whenever the values of the plugin's own secrets do."`
}

// Exact is the version that is installed: the one that a range was resolved to, or the declared one.
func (s PluginSpec) Exact() string { return cmp.Or(s.ResolvedVersion, s.Version) }

// InstanceWrite is the body of PUT /v1/instances/{workspace}.
type InstanceWrite struct {
	InstanceSpec
	// Secrets are the values behind the references in the documents. Absent (nil) keeps the stored ones, present
	// replaces them all, so an empty map removes them. They are never given back.
	Secrets map[string]string `json:"secrets,omitzero" doc:"Values behind ${NAME}. Absent: keep what is stored. Never given back."`
	WriteOptions
}

// PluginWrite is the body of PUT /v1/instances/{workspace}/plugins/{package}.
type PluginWrite struct {
	PluginSpec
	// Secrets are the values behind the references in the plugin's own fragment, before those of the instance. Absent
	// (nil) keeps the stored ones, present replaces them all. They are never given back.
	Secrets map[string]string `json:"secrets,omitzero" doc:"Values behind ${NAME} in this plugin's fragment. Absent: keep what is stored. Never given back."`
	WriteOptions
}

// WriteOptions are the parts of a write that say how it may be carried out.
type WriteOptions struct {
	// MaxImpact refuses the write with impact_exceeded when it would cost more. Empty sets no bound.
	MaxImpact Impact `json:"max_impact,omitempty" enum:"none,live,restart,upgrade" doc:"Refuse the write if it would cost more than this."`
	// DeadlineSeconds is how long the change may take until it is put back; 0 means DefaultDeadline.
	DeadlineSeconds int `json:"deadline_seconds,omitempty" minimum:"0" maximum:"86400" doc:"Seconds until the change has failed and is put back. 0: 600."`
}

// DefaultDeadline is how long a change may take when the write names no deadline. It covers a cold npm cache.
const DefaultDeadline = 10 * time.Minute

// Instance is a workspace's Backstage as orbitd knows it.
type Instance struct {
	Workspace string `json:"workspace" doc:"The workspace."`
	InstanceSpec
	// SecretNames are the names of the stored secrets, sorted. Their values are never readable.
	SecretNames []string `json:"secret_names" doc:"Names of the stored secrets, sorted."`
	// URL is where people open the instance, http://acme.localhost:7007 for example, without a trailing slash.
	URL string `json:"url" doc:"Where people open the instance."`
	// APIURL is the base of the instance's backend API: URL with /api.
	APIURL string `json:"api_url" doc:"Base of the instance's backend API."`
	// DatabaseName is the instance's own PostgreSQL database.
	DatabaseName string `json:"database_name" doc:"The instance's own PostgreSQL database."`
	// ETag is the hash of the declared content, as the ETag header has it.
	ETag string `json:"etag" doc:"Hash of the declared content; for If-Match."`
	// Generation counts the accepted changes of the instance and its plugins.
	Generation int64          `json:"generation" doc:"Counts the accepted changes of the instance and its plugins."`
	CreatedAt  time.Time      `json:"created_at"`
	Status     InstanceStatus `json:"status"`
	// AllPlugins are the instance's plugins, whoever declared them, by package; nil where they were not asked for.
	AllPlugins []Plugin `json:"all_plugins,omitzero" doc:"With include=plugins: all of its plugins, whoever declared them, by package."`
}

// Phase is what an instance is doing, in a word.
type Phase string

const (
	PhaseProvisioning Phase = "Provisioning" // the first boot is under way
	PhaseReady        Phase = "Ready"        // serving what is declared
	PhaseUpdating     Phase = "Updating"     // serving while a rollout is under way
	PhaseFailed       Phase = "Failed"       // not serving
	PhaseDeleting     Phase = "Deleting"     // going away
)

// InstanceStatus is what orbitd observed.
type InstanceStatus struct {
	Phase Phase `json:"phase" enum:"Provisioning,Ready,Updating,Failed,Deleting" doc:"What the instance is doing, in a word."`
	// ObservedGeneration is the newest generation whose verdict is known.
	ObservedGeneration int64 `json:"observed_generation" doc:"The newest generation whose verdict is known."`
	// PendingRestart says that stored changes wait for a restart, because restart_policy does not roll them out.
	PendingRestart bool `json:"pending_restart" doc:"Stored changes wait for a restart: restart_policy does not roll them out."`
	// PendingReasons say which changes wait, and why they cost a restart.
	PendingReasons []Reason `json:"pending_reasons,omitempty" doc:"Which changes wait for the restart, and why they cost it."`
	// PID is the process's id on this machine; 0 when there is none.
	PID int `json:"pid,omitempty" doc:"Process id, where instances are processes."`
	// MemoryBytes is the resident memory of the process when it was asked; 0 when unknown.
	MemoryBytes int64 `json:"memory_bytes,omitempty" doc:"Resident memory of the process now."`
	// MemoryLimit says what enforces the memory limit: cgroup or heap.
	MemoryLimit string `json:"memory_limit,omitempty" doc:"What enforces the memory limit: cgroup or heap."`
	// Bundle is the content hash of the installed packages.
	Bundle string `json:"bundle,omitempty" doc:"Content hash of the installed packages."`
	// App is the content hash of the web app that is served; "" when there is none.
	App        string      `json:"app,omitempty" doc:"Content hash of the web app that is served; absent where there is none."`
	StartedAt  *time.Time  `json:"started_at,omitempty" doc:"When the serving process started."`
	Conditions []Condition `json:"conditions" doc:"Conditions as Kubernetes has them."`
}

// The types of conditions.
const (
	ConditionReady        = "Ready"        // requests are served
	ConditionProgressing  = "Progressing"  // a rollout is under way
	ConditionCrashLooping = "CrashLooping" // ended by itself 5 times in 10 minutes
	ConditionIsolated     = "Isolated"     // runs as a user of its own
	ConditionRoomForGreen = "RoomForGreen" // memory had room for the last restart's new process beside the old one; else requests waited
)

// Condition is one aspect of an instance's state, with the meaning Kubernetes gives it.
type Condition struct {
	Type   string `json:"type" doc:"Ready, Progressing, CrashLooping, Isolated or RoomForGreen."`
	Status string `json:"status" enum:"True,False,Unknown"`
	// Reason is one CamelCase word.
	Reason             string    `json:"reason" doc:"One word for programs."`
	Message            string    `json:"message,omitempty" doc:"A sentence for people."`
	LastTransitionTime time.Time `json:"last_transition_time"`
	ObservedGeneration int64     `json:"observed_generation"`
}

// Owner says which resource declared a plugin.
type Owner string

const (
	// OwnerInstance is the plugins map of the instance itself.
	OwnerInstance Owner = "instance"
	// OwnerPlugin is a plugin resource of its own.
	OwnerPlugin Owner = "plugin"
)

// Plugin is a plugin of an instance as orbitd knows it.
type Plugin struct {
	Workspace string `json:"workspace"`
	Package   string `json:"package" doc:"The npm package name."`
	PluginSpec
	// SecretNames are the names of the plugin's own stored secrets, sorted. Their values are never readable.
	SecretNames []string `json:"secret_names,omitempty" doc:"Names of the plugin's own stored secrets, sorted."`
	Owner       Owner    `json:"owner" enum:"instance,plugin" doc:"Which resource declared it: the instance's plugins map, or a plugin of its own."`
	ETag        string   `json:"etag" doc:"Hash of the declared content; for If-Match."`
	// Generation is the instance's generation that declared this content.
	Generation int64     `json:"generation"`
	CreatedAt  time.Time `json:"created_at"`
}

// Release is a pinned set of Backstage packages that instances can run.
type Release struct {
	Version  string           `json:"version" doc:"The Backstage version."`
	Node     string           `json:"node" doc:"The Node.js version inside."`
	Postgres string           `json:"postgres" doc:"The PostgreSQL version inside."`
	Default  bool             `json:"default" doc:"What an instance without a release runs."`
	Packages []ReleasePackage `json:"packages" doc:"The backend packages inside."`
}

// ReleasePackage is a Backstage package of a release.
type ReleasePackage struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Feature says that every instance loads it.
	Feature bool `json:"feature,omitempty" doc:"Every instance loads it."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the next page; empty on the last one.
	Next string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last."`
}
