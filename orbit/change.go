package orbit

import "time"

// ChangeState is the fate of a change.
type ChangeState string

const (
	ChangePending ChangeState = "pending" // accepted, its rollout has not ended
	ChangeApplied ChangeState = "applied" // it is what runs now
	ChangeFailed  ChangeState = "failed"  // it was put back; Problem says why
)

// Operation is what a change does to its subject.
type Operation string

const (
	OperationCreate Operation = "create"
	OperationUpdate Operation = "update"
	OperationDelete Operation = "delete"
	// OperationRestart declares nothing; it asks for a restart, with what is stored and waits for one.
	OperationRestart Operation = "restart"
)

// Change is one accepted write and its fate. It is kept for 7 days.
type Change struct {
	ID        string `json:"id" doc:"The change's id; GET /v1/changes/{id} tells its fate."`
	Workspace string `json:"workspace"`
	// Plugin is the package the change is about; empty when it is about the instance.
	Plugin     string      `json:"plugin,omitempty" doc:"The package the change is about; absent for the instance itself."`
	Operation  Operation   `json:"operation" enum:"create,update,delete,restart"`
	Generation int64       `json:"generation" doc:"The instance's generation that this change made."`
	State      ChangeState `json:"state" enum:"pending,applied,failed"`
	Impact     Impact      `json:"impact" enum:"none,live,restart,upgrade" doc:"What the change costs."`
	Reasons    []Reason    `json:"reasons" doc:"Why it costs that."`
	// Progress is what its rollout is doing, for people.
	Progress string `json:"progress,omitempty" doc:"What its rollout is doing, for people."`
	// PendingRestart says that the change was stored and waits for a restart, as the instance's restart_policy has it.
	PendingRestart bool `json:"pending_restart,omitempty" doc:"It is stored, and waits for a restart: restart_policy does not roll it out."`
	// Warnings are findings that did not stop the change.
	Warnings []Diagnostic `json:"warnings,omitempty"`
	// Problem is set when the change failed.
	Problem   *Problem `json:"problem,omitempty"`
	RolloutID string   `json:"rollout_id,omitempty" doc:"The rollout that carried it."`
	// RequestID names the request that made the change in orbitd's log. Only the answer to that request has it.
	RequestID  string     `json:"request_id,omitempty" doc:"In the answer to the request that made the change: its name in orbitd's log."`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Done says whether the change's fate is known.
func (c *Change) Done() bool { return c.State != ChangePending }

// PlanRequest is the body of POST /v1/instances/{workspace}/plan: one write that is only looked at. Exactly one of
// Instance, Plugin and DeletePlugin is set.
type PlanRequest struct {
	Instance *InstanceSpec `json:"instance,omitempty" doc:"The instance as it would be declared."`
	// SecretNames are the names of the secrets that the write would leave stored of the instance or of the plugin that it
	// declares; nil keeps the stored ones, and an empty list means none.
	SecretNames  []string    `json:"secret_names,omitzero" doc:"Names, never values, of the secrets of the instance or plugin after the write. Absent: the stored ones."`
	Plugin       *PluginPlan `json:"plugin,omitempty" doc:"A plugin as it would be declared."`
	DeletePlugin string      `json:"delete_plugin,omitempty" doc:"The package that would be removed."`
}

// PluginPlan is a plugin in a PlanRequest.
type PluginPlan struct {
	Package string `json:"package"`
	PluginSpec
}

// PlanResult is what the write of a PlanRequest would cost now, and what is wrong with it. Nothing was changed.
type PlanResult struct {
	Impact  Impact   `json:"impact" enum:"none,live,restart,upgrade"`
	Reasons []Reason `json:"reasons"`
	// PendingRestart says that the write would be stored and wait for a restart.
	PendingRestart bool `json:"pending_restart,omitempty" doc:"It would be stored and wait for a restart: restart_policy does not roll it out."`
	// ResolvedVersions are the exact versions of the plugins in the request, by package. A write of the same range gets the
	// same version.
	ResolvedVersions map[string]string `json:"resolved_versions,omitempty" doc:"The exact versions of the request's plugins by package; a write gets the same."`
	Diagnostics      []Diagnostic      `json:"diagnostics"`
}

// Event is something that happened to an instance.
type Event struct {
	ID        int64     `json:"id" doc:"Grows with time."`
	Workspace string    `json:"workspace"`
	At        time.Time `json:"at"`
	// Type is Normal or Warning, as Kubernetes has it.
	Type string `json:"type" enum:"Normal,Warning"`
	// Reason is one CamelCase word.
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	RolloutID string `json:"rollout_id,omitempty"`
}

// Logs is the tail of an instance's log.
type Logs struct {
	Lines []string `json:"lines" doc:"The newest lines, oldest first, secrets masked."`
}
