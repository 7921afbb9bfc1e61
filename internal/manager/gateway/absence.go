package gateway

import (
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Absence is why no process of a workspace takes requests. Visitors are told so in words of the gateway's own, so that
// nothing that is not theirs to know can be among them.
type Absence int

const (
	// Unavailable tells visitors no reason.
	Unavailable Absence = iota
	// Starting is a process on its way: the first one, or the next after one that ended by itself.
	Starting
	// Failed is an instance that does not start, and is waited for with longer and longer breaks.
	Failed
	// Stopped is an instance that nobody starts until somebody asks for it.
	Stopped
	// Ending is an orbitd that is being stopped: the next one serves what runs on.
	Ending
	// replacing is what held requests wait for.
	replacing
)

// absences are the absences in words. Of a title the workspace is the beginning.
var absences = map[Absence]struct { //nolint:gochecknoglobals // constant
	title, detail string
	// retryAfter is when it is worth asking again.
	retryAfter time.Duration
}{
	Unavailable: {"is not available", "No process of it takes requests now", 2 * time.Second},
	Starting:    {"is starting", "It is not ready yet", 2 * time.Second},
	Failed:      {"could not be started", "Ask your platform team: Terraform and orbitd tell them why", 10 * time.Second},
	Stopped:     {"is stopped", "Ask your platform team to start it", 30 * time.Second},
	Ending:      {"is not available", "What serves it is being restarted", 2 * time.Second},
	replacing:   {"is being updated", "It goes on as soon as its new process is ready", 2 * time.Second},
}

// problem is what a visitor is told of the workspace, and when to ask again. What is being done about it may be empty.
func (a Absence) problem(workspace, doing string) (p *orbit.Problem, retryAfter time.Duration) {
	words := absences[a]
	if doing != "" {
		doing = ": " + doing
	}
	return &orbit.Problem{
		Title: "Backstage of workspace " + workspace + " " + words.title, Status: statusAbsent,
		Code: orbit.CodeInstanceUnavailable, Detail: words.detail + doing + ".",
	}, words.retryAfter
}
