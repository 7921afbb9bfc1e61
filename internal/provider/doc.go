// Package provider is the Terraform provider: it turns a workspace's declared Backstage into calls of orbitd's API, and
// shows at plan what a change costs.
//
// Terraform plans every change twice, at plan and again at apply in a new process, and rejects a known value that moved
// in between. So whatever is known in a plan is computed here, by internal/changeplan, from the resource's own prior
// state and configuration alone; what orbitd says about a plan becomes diagnostics.
package provider

//go:generate go run ./schemadoc go tool -modfile=../../tools/go.mod tfplugindocs generate --provider-dir ../.. --provider-name orbit --rendered-provider-name Orbit --providers-schema
