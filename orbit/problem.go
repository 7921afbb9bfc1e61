package orbit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Code names a kind of problem. Codes are stable: a client may branch on them.
type Code string

// The codes of requests.
const (
	CodeUnauthorized     Code = "unauthorized"       // 401: no token, or a wrong one
	CodeForbidden        Code = "forbidden"          // 403: signed in, with a role that may not do this
	CodeNotFound         Code = "not_found"          // 404: no such instance, plugin, change or release
	CodeNoRoute          Code = "no_route"           // 404: the API has no such path or method; no object is meant
	CodeAlreadyExists    Code = "already_exists"     // 409: a creating write met somebody else's object
	CodeStale            Code = "stale"              // 412: If-Match names a version that is not the current one
	CodePreconditionMiss Code = "precondition_miss"  // 428: a write without If-Match or If-None-Match
	CodeDeletionProtect  Code = "deletion_protected" // 409: the instance's deletion_protection is on
	CodeImpactExceeded   Code = "impact_exceeded"    // 409: the change would cost more than max_impact
	CodeRestartForbidden Code = "restart_forbidden"  // 409: the change costs a restart, and the instance's restart_policy is forbid
	CodeDeleting         Code = "deleting"           // 409: the instance is being deleted
	CodeKeyReused        Code = "idempotency_reused" // 422: one Idempotency-Key with two different requests
	CodeInvalidRequest   Code = "invalid_request"    // 422: the request's body or parameters are malformed
	CodeUnavailable      Code = "unavailable"        // 503: orbitd's database does not answer now; nothing was touched, try again
	CodeStarting         Code = "starting"           // 503: orbitd is still installing or starting what it needs
	CodeInternal         Code = "internal"           // 500: a fault of orbitd
)

// The codes of requests that orbitd passes on to a workspace's catalog.
const (
	CodeCatalogUnavailable Code = "catalog_unavailable" // 503: the instance serves nothing now, or its catalog gives no answer
	CodeCatalogRefused     Code = "catalog_refused"     // 422: the catalog does not take it; the detail has its own words
)

// The codes of the gateway, for requests to an instance.
const (
	CodeUnknownHost         Code = "unknown_host"         // 404: no workspace answers under the request's host name
	CodeMisdirected         Code = "misdirected"          // 421: the connection's certificate is not for the request's host name
	CodeInsecure            Code = "insecure"             // 403: sent over plain HTTP, and more than a question for a page
	CodeInstanceUnavailable Code = "instance_unavailable" // 503: no process of the workspace takes requests now; try again
	CodeInstanceNoAnswer    Code = "instance_no_answer"   // 502: the process gave no answer; it may have seen the request
)

// The codes of what a resource or a set of resources declares.
const (
	CodeInvalidWorkspace   Code = "invalid_workspace"   // not a DNS label of at most 40 characters
	CodeInvalidDocument    Code = "invalid_document"    // YAML or JSON that does not parse; Line and Column are set
	CodeNotAMapping        Code = "not_a_mapping"       // an app-config that is not a mapping of keys
	CodeManagedKey         Code = "managed_key"         // a key that orbitd sets itself
	CodeForbiddenDirective Code = "forbidden_directive" // $file, $include: instances read no files of the manager's machine
	CodeUndefinedSecret    Code = "undefined_secret"    // ${NAME} that no secret defines
	CodeConflictingPaths   Code = "conflicting_paths"   // two resources set one path to different values
	CodeHostTaken          Code = "host_taken"          // 409: the base_url's host is another instance's, or under the gateway's domain
	CodeUnknownRelease     Code = "unknown_release"     // a release that this orbitd does not carry
	CodeInvalidPackage     Code = "invalid_package"     // not an npm package name
	CodeInvalidVersion     Code = "invalid_version"     // neither an exact semantic version nor a range of them
	CodePackageNotFound    Code = "package_not_found"   // the registry has no such package
	CodeVersionNotFound    Code = "version_not_found"   // the registry has the package, not the version
	CodeWrongRole          Code = "wrong_role"          // a package that is no backend plugin or module
	CodeInRelease          Code = "in_release"          // a package that the release already contains
	CodePluginOwned        Code = "plugin_owned"        // the package is declared by another resource already
	CodeUnresolvable       Code = "unresolvable"        // npm cannot resolve the set's dependencies
	CodeWillNotBoot        Code = "will_not_boot"       // an app-config that Backstage does not start with
	CodeNoEffect           Code = "no_effect"           // an app-config that Backstage starts with and does not do
	CodeUnchecked          Code = "unchecked"           // something could not be checked now, for example with the registry down
)

// The codes of plugins that the registry's metadata, or a set of them, speaks against.
const (
	CodeLegacyBackend       Code = "legacy_backend"        // the package exports only the legacy backend system
	CodeLegacyFrontend      Code = "legacy_frontend"       // the package exports only the legacy frontend system
	CodeWithoutBackend      Code = "without_backend"       // a warning: a frontend plugin whose own backend the instance does not have
	CodeModuleWithoutPlugin Code = "module_without_plugin" // a module whose plugin the instance does not have
	CodeDuplicatePluginID   Code = "duplicate_plugin_id"   // two packages bring the plugin of one id
	CodeSecondMajor         Code = "second_major"          // the plugin brings another major of a core package of the release
	CodeEngine              Code = "incompatible_engine"   // the package's engines exclude the release's Node.js
	CodeDeprecated          Code = "deprecated"            // a warning: the package's authors deprecated this version
	CodeVulnerable          Code = "vulnerable"            // a warning: npm audit knows a vulnerability of what the plugin brings
	CodePackageDenied       Code = "package_denied"        // orbitd's deny list has the package
	CodePackageNotAllowed   Code = "package_not_allowed"   // orbitd's allow list does not have the package
	CodePackageTooLarge     Code = "package_too_large"     // what the plugins bring is larger than orbitd's limit
	CodeAppBuild            Code = "app_build"             // a warning: a web app has to be built for the frontend plugins first
	CodeNotShown            Code = "not_shown"             // a warning: a frontend plugin of an instance that serves no web app
)

// The codes of what the packages' own config schemas, and orbitd's rules for secrets, say about an app-config.
const (
	CodeWrongType     Code = "wrong_type"     // a value of another type than its schema wants
	CodeInvalidValue  Code = "invalid_value"  // a value that its schema's enum, bounds or pattern exclude
	CodeMissingKey    Code = "missing_key"    // a key that a schema requires
	CodeUnknownKey    Code = "unknown_key"    // a key that no schema knows
	CodeLiteralSecret Code = "literal_secret" // a literal value where a schema says that it is a secret
	CodeDuplicateName Code = "duplicate_name" // one name is both a secret and a variable
)

// The codes of what happened while a change was rolled out.
const (
	CodeInstallFailed  Code = "install_failed"   // npm could not install the bundle
	CodeAppBuildFailed Code = "app_build_failed" // the web app does not build with a frontend plugin; the detail has the compiler's words
	CodeLoadFailed     Code = "load_failed"      // a package could not be imported, or exports no backend feature
	CodeBootFailed     Code = "boot_failed"      // Backstage reported a failure at start
	CodeBootTimeout    Code = "boot_timeout"     // not ready within the deadline
	CodeProcessExited  Code = "process_exited"   // the process ended before it was ready
	CodePushFailed     Code = "push_failed"      // the running process did not take a live change in
	CodeNotTakenUp     Code = "not_taken_up"     // a warning: the running process did not do what a live change asks for, and was replaced
	CodeDatabase       Code = "database"         // the instance's database or role could not be made or dropped
	CodeSuperseded     Code = "superseded"       // the instance was deleted before the change was rolled out
)

// The codes of how people sign in to an instance, as its app-config says.
const (
	CodeGuestSignIn Code = "guest_sign_in" // everybody is signed in as a guest: a warning in development, else an error
	CodeNoSignIn    Code = "no_sign_in"    // a sign-in provider with which nobody can sign in
	CodeCallbackURL Code = "callback_url"  // a provider's callbackUrl that is not the instance's
)

// Severity says whether a diagnostic stops a change.
type Severity string

const (
	// SeverityError stops the change.
	SeverityError Severity = "error"
	// SeverityWarning lets the change go on.
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding about what a resource declares.
type Diagnostic struct {
	Code     Code     `json:"code" doc:"Stable name of the kind of problem."`
	Severity Severity `json:"severity" enum:"error,warning" doc:"An error stops the change, a warning does not."`
	// Path is the app-config path, or the attribute, at fault; empty when the whole document is.
	Path string `json:"path,omitempty" doc:"The app-config path or attribute at fault."`
	// Plugin is the package whose document is at fault; empty for the instance's own.
	Plugin string `json:"plugin,omitempty" doc:"The package whose document is at fault; absent for the instance's own."`
	// Message says what is wrong and what to do about it. It never carries a secret's value.
	Message string `json:"message" doc:"What is wrong and what to do."`
	// Line and Column count from 1; 0 means unknown.
	Line   int `json:"line,omitempty" doc:"Line in the user's document, from 1."`
	Column int `json:"column,omitempty" doc:"Column in the user's document, from 1."`
}

// String renders the diagnostic in one line, with its place when it is known.
func (d Diagnostic) String() string {
	var place []string
	if d.Plugin != "" {
		place = append(place, d.Plugin)
	}
	if d.Path != "" {
		place = append(place, d.Path)
	}
	if d.Line > 0 {
		place = append(place, fmt.Sprintf("line %d, column %d", d.Line, d.Column))
	}
	if len(place) == 0 {
		return d.Message
	}
	return strings.Join(place, ", ") + ": " + d.Message
}

// HasErrors says whether any of the diagnostics stops the change.
func HasErrors(diagnostics []Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == SeverityError {
			return true
		}
	}
	return false
}

// Problem is an RFC 9457 problem document. It is the body of every answer of the API that is an error, and what a
// failed change carries. It is an error, so a client can return it as it is.
type Problem struct {
	Type   string `json:"type,omitempty" doc:"A URI of the problem's kind; about:blank where the code says it all."`
	Title  string `json:"title" doc:"What was attempted and failed, in a few words."`
	Status int    `json:"status,omitempty" doc:"The HTTP status; absent in a failed change."`
	Code   Code   `json:"code" doc:"Stable name of the kind of problem."`
	// Detail says why it failed and what to do.
	Detail string `json:"detail,omitempty" doc:"Why it failed and what to do."`
	// Pointer is a JSON pointer into the request's body, "/config" for example.
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer to the part of the request at fault."`
	// Plugin is the package at fault, when one can be named.
	Plugin      string       `json:"plugin,omitempty" doc:"The plugin package at fault, when one can be named."`
	Diagnostics []Diagnostic `json:"diagnostics,omitempty" doc:"The single findings."`
	Reasons     []Reason     `json:"reasons,omitempty" doc:"With impact_exceeded: why the change costs more."`
	LogTail     []string     `json:"log_tail,omitempty" doc:"The last lines of the process's log, secrets masked."`
	RequestID   string       `json:"request_id,omitempty" doc:"Names the request in orbitd's log."`
}

// Error renders the problem in one line.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// GetStatus is the HTTP status of the answer that carries the problem.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's media type, whatever the client asked for.
func (p *Problem) ContentType(string) string { return ProblemMediaType }

// ProblemMediaType is the media type of a problem document, from RFC 9457.
const ProblemMediaType = "application/problem+json"

// WriteProblem answers a request with the problem and its status.
func WriteProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", ProblemMediaType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that went away is the only reason to fail
}
