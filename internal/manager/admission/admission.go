// Package admission decides about writes: whether what a user declares can be, what it costs, and whether it is still
// the version that the user meant. An accepted write becomes a change in the store; carrying it out is the rollout's.
package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Registry tells about packages before they are installed.
type Registry interface {
	// Choose returns the exact version that a range of a package means now. An *orbit.Problem says why there is none:
	// package_not_found, version_not_found, that the package may not be added, or unchecked when nobody answers.
	Choose(ctx context.Context, name, versionRange string) (string, error)
	// Frontend says whether an exact version of a package is a part of the web app; it is not where nobody answers.
	Frontend(ctx context.Context, name, version string) bool
}

// Options are what an Admission works with.
type Options struct {
	Store    *store.Store
	Vault    *vault.Vault
	Registry Registry
	Vetting  vetting.Vetting
	// Wake makes the rollout look at the workspace.
	Wake func(workspace string)
	// Planning tells the rollout that a write of the workspace is being planned, until done is called.
	Planning func(workspace string) (done func())
	// Interrupt does so at once, whatever is under way: the instance is being deleted.
	Interrupt func(workspace string)
	// Domain is the gateway's: the parent of the host names that workspaces have by themselves.
	Domain string
	// FirstUserID and LastUserID bound the users that instances run as; 0 where they run as orbitd's own.
	FirstUserID, LastUserID int64
}

// Admission accepts and refuses writes. All methods may be called concurrently.
type Admission struct{ Options }

// New returns an admission.
func New(o Options) *Admission { return &Admission{o} }

// transact makes one write in a transaction of its workspace and, when it is accepted, has the rollout told.
func (a *Admission) transact(ctx context.Context, workspace string, tell func(workspace string),
	write func(tx *store.Tx) (store.Change, error),
) (orbit.Change, error) {
	var change store.Change
	err := a.Store.Update(ctx, workspace, func(tx *store.Tx) (err error) {
		change, err = write(tx)
		return err
	})
	if err != nil {
		return orbit.Change{}, err
	}
	tell(workspace)
	return change.Change, nil
}

// AnyVersion as a Precondition's Tag is If-Match: *, which every version of an object meets.
const AnyVersion = "*"

// Precondition is what a write says about the version it means to change. A write has either a Tag or MustNotExist.
type Precondition struct {
	// Tag is the ETag of the version to change; "" names none.
	Tag string
	// MustNotExist says that the write creates its object.
	MustNotExist bool
	// IdempotencyKey makes a retry of a creating write get its own first answer.
	IdempotencyKey string
}

// check compares the precondition with the object's present tag; "" means that there is no object.
func (p Precondition) check(what, importCommand, tag string) error {
	switch {
	case p.MustNotExist && tag != "":
		return &orbit.Problem{
			Code: orbit.CodeAlreadyExists, Title: what + " exists already",
			Detail: "it was created by somebody else; to manage it here, import it: " + importCommand,
		}
	case p.MustNotExist:
		return nil
	case p.Tag == "":
		return &orbit.Problem{
			Code: orbit.CodePreconditionMiss, Title: "Which version of " + what + "?",
			Detail: "send If-Match with the ETag of the version to change, or If-None-Match: * to create it",
		}
	case tag == "":
		return &orbit.Problem{
			Code: orbit.CodeStale, Title: what + " is gone",
			Detail: "it was deleted since it was read; plan again",
		}
	case p.misses(tag):
		return &orbit.Problem{
			Code: orbit.CodeStale, Title: what + " has changed",
			Detail: "somebody else changed it since it was read; nothing was touched, plan again",
		}
	default:
		return nil
	}
}

// misses says whether the write means another version than the present one. A write that names none means any.
func (p Precondition) misses(tag string) bool {
	return p.Tag != "" && p.Tag != AnyVersion && p.Tag != tag
}

// newChange returns a pending change.
func newChange(workspace, plugin string, operation orbit.Operation, generation int64) store.Change {
	return store.Change{Change: orbit.Change{
		ID: uuid.Must(uuid.NewV7()).String(), Workspace: workspace, Plugin: plugin, Operation: operation,
		Generation: generation, State: orbit.ChangePending, Impact: orbit.ImpactNone, CreatedAt: time.Now(),
	}}
}

func deadline(o orbit.WriteOptions) time.Time {
	if o.DeadlineSeconds == 0 {
		return time.Now().Add(orbit.DefaultDeadline)
	}
	return time.Now().Add(time.Duration(o.DeadlineSeconds) * time.Second)
}

// request is what every write that declares something has beside its content.
type request struct {
	Precondition
	orbit.WriteOptions
	// hash tells whether two requests ask for the same.
	hash string
	// warnings are findings that do not stop the write.
	warnings []orbit.Diagnostic
}

// accept makes a write that declares something and records its change. A retry of an accepted one gets that one's answer.
func (a *Admission) accept(ctx context.Context, workspace string, r request, write func(tx *store.Tx) (store.Change, error)) (orbit.Change, error) {
	return a.transact(ctx, workspace, a.Wake, func(tx *store.Tx) (store.Change, error) {
		if earlier, found, err := r.retried(ctx, tx); found || err != nil {
			return earlier, err
		}
		change, err := write(tx)
		if err != nil {
			return store.Change{}, err
		}
		change.Deadline, change.IdempotencyKey, change.RequestHash = deadline(r.WriteOptions), r.IdempotencyKey, r.hash
		change.Warnings = r.warnings
		return change, tx.PutChange(ctx, change)
	})
}

// retried returns the change that an earlier request with the same Idempotency-Key made; found is false when there is
// none.
func (r request) retried(ctx context.Context, tx *store.Tx) (change store.Change, found bool, err error) {
	if r.IdempotencyKey == "" {
		return store.Change{}, false, nil
	}
	earlier, err := tx.ChangeByKey(ctx, r.IdempotencyKey)
	if errors.Is(err, store.ErrNotFound) {
		return store.Change{}, false, nil
	}
	if err != nil {
		return store.Change{}, false, err
	}
	if earlier.RequestHash != r.hash {
		return store.Change{}, false, &orbit.Problem{
			Code: orbit.CodeKeyReused, Title: "Idempotency-Key used twice",
			Detail: "an earlier request with this key asked for something else; make a new key for every request",
		}
	}
	return earlier, true, nil
}

// withinImpact refuses a change that costs more than its writer was told.
func withinImpact(change store.Change, limit orbit.Impact) error {
	if limit == "" || !change.Impact.Exceeds(limit) {
		return nil
	}
	detail := fmt.Sprintf("planned %s, now %s %s", limit, article(change.Impact), change.Impact)
	if len(change.Reasons) > 0 {
		detail += ": " + change.Reasons[0].String()
	}
	return &orbit.Problem{
		Code: orbit.CodeImpactExceeded, Title: "The change would cost more than planned",
		Detail: detail + "; nothing was touched, plan again", Reasons: change.Reasons,
	}
}

func article(i orbit.Impact) string {
	if i == orbit.ImpactUpgrade {
		return "an"
	}
	return "a"
}

// refuse makes a problem of diagnostics when there is an error among them.
func refuse(what string, diagnostics []orbit.Diagnostic) error {
	for _, d := range diagnostics {
		if d.Severity != orbit.SeverityError {
			continue
		}
		return &orbit.Problem{
			Code: d.Code, Title: what + " cannot be as declared", Detail: d.String(), Plugin: d.Plugin,
			Pointer: pointer(d), Diagnostics: diagnostics,
		}
	}
	return nil
}

// pointer says which part of the request's body a diagnostic is about.
func pointer(d orbit.Diagnostic) string {
	switch d.Code {
	case orbit.CodeUnknownRelease:
		return "/release"
	case orbit.CodeInvalidPackage, orbit.CodeInvalidVersion, orbit.CodePackageNotFound, orbit.CodeVersionNotFound,
		orbit.CodeUnchecked, orbit.CodeWrongRole, orbit.CodeInRelease, orbit.CodePluginOwned:
		return "/plugins"
	case orbit.CodeInvalidWorkspace:
		return ""
	case orbit.CodeInvalidRequest, orbit.CodeDuplicateName, orbit.CodeHostTaken: // their path is an attribute's
		if end := strings.IndexAny(d.Path, ".["); end >= 0 {
			return "/" + d.Path[:end]
		}
		return "/" + d.Path
	default:
		return "/config"
	}
}
