package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// putBack records that the rollout failed and makes what is declared again what it was before the changes that are to
// blame. What runs was not touched, or has been put back already.
func (a *actor) putBack(ctx context.Context, r rollout, cause error) error {
	problem := a.problem(ctx, cause)
	if len(r.changes) > 0 && !slices.ContainsFunc(r.changes, func(c store.Change) bool { return !asksRestart(c) }) {
		problem.Title = "The restart of workspace " + a.workspace + " failed, and what waits for one still does"
	}
	a.logger.WarnContext(ctx, "rollout failed", "rollout", r.id, "generation", r.declared.Generation, "changes", len(r.changes),
		"code", problem.Code, "plugin", problem.Plugin, "error", problem.Detail)
	a.event(ctx, "Warning", "RolloutFailed", problem.Detail, r.id)
	if a.blue == nil && !r.refused {
		a.Gateway.Fail(a.workspace, gateway.Failed)
		a.crashes = a.crashes.add(time.Now())
		a.condition(ctx, orbit.ConditionReady, false, "NotStarted", problem.Detail)
	}
	if len(r.changes) == 0 {
		a.failures++
		a.retryAt = time.Now().Add(min(retryFirst<<min(a.failures-1, 10), retryLongest))
		a.wake() // to find out how long to wait
		return nil
	}
	defer a.wake() // what is declared, or how much of it is tried, is another thing now
	attempted := len(r.changes)
	if r.changes = a.narrow(r, cause); len(r.changes) < attempted {
		a.logger.InfoContext(ctx, "narrowing down", "rollout", r.id, "put_back", len(r.changes), "of", attempted)
	}
	if len(r.changes) == 0 {
		return nil
	}
	created := false
	for _, c := range r.changes {
		created = created || c.Plugin == "" && c.Operation == orbit.OperationCreate
	}
	if created && a.blue == nil {
		return a.abandon(ctx, r, problem)
	}
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error { return fail(ctx, tx, r, problem) })
	if err != nil {
		return err
	}
	a.tellFates()
	return nil
}

// abandon removes an instance whose first boot failed. Nothing of it stays but its events. Where cleaning up fails,
// the instance is left as one that is being deleted, and the actor tries again.
func (a *actor) abandon(ctx context.Context, r rollout, problem *orbit.Problem) error {
	cleanErr := a.clean(ctx)
	err := a.Store.Update(ctx, a.workspace, func(tx *store.Tx) error {
		if cleanErr != nil {
			if err := fail(ctx, tx, r, problem); err != nil {
				return err
			}
			return tx.SetDeleting(ctx)
		}
		return a.forgetInstance(ctx, tx, r.changes, problem)
	})
	if err != nil {
		return err
	}
	if cleanErr == nil {
		a.beginAnew()
	}
	a.tellFates()
	return cleanErr
}

// forgetInstance ends every pending change of the instance, also those that were accepted a moment ago, and deletes it:
// the failed ones with their problem, deletions as applied, and all others as superseded.
func (a *actor) forgetInstance(ctx context.Context, tx *store.Tx, failed []store.Change, problem *orbit.Problem) error {
	pending, err := tx.PendingChanges(ctx, a.workspace)
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(pending) {
		isFailed := slices.ContainsFunc(failed, func(f store.Change) bool { return f.ID == c.ID })
		switch {
		case isFailed:
			err = tx.FailChange(ctx, c, problem)
		case c.Operation == orbit.OperationDelete:
			err = tx.FinishChange(ctx, c.ID)
		default:
			err = tx.FailChange(ctx, c, a.superseded())
		}
		if err != nil {
			return err
		}
	}
	a.Access.Forget(a.workspace)
	return tx.DeleteInstance(ctx)
}

func (a *actor) superseded() *orbit.Problem {
	return &orbit.Problem{
		Code: orbit.CodeSuperseded, Title: "The instance is gone",
		Detail: "the instance of workspace " + a.workspace + " was deleted, or could not be created, before this change was rolled out",
	}
}

// fail fails the rollout's changes, newest first, so that each resource ends at what the oldest found.
func fail(ctx context.Context, tx *store.Tx, r rollout, problem *orbit.Problem) error {
	for i := len(r.changes) - 1; i >= 0; i-- {
		if err := tx.FailChange(ctx, r.changes[i], problem); err != nil {
			return err
		}
	}
	if err := tx.SetObserved(ctx, r.declared.Generation); err != nil {
		return err
	}
	return tx.PruneSecrets(ctx)
}

// clean removes everything of the instance outside the store: processes, route, database, role and files. It is
// idempotent.
func (a *actor) clean(ctx context.Context) error {
	a.Gateway.Remove(a.workspace)
	a.dropDrain()
	a.drains.Wait()
	a.setBlue(nil)
	a.dismiss(ctx)
	if err := a.stopProcesses(ctx); err != nil {
		return fmt.Errorf("stop the instance: %w", err)
	}
	if err := a.Databases.DropDatabase(ctx, a.workspace); err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	if err := a.Runtime.Destroy(ctx, a.workspace); err != nil {
		return fmt.Errorf("remove the instance's files: %w", err)
	}
	return nil
}

// problem turns what ended a rollout into what the user reads, with secrets masked.
func (a *actor) problem(ctx context.Context, cause error) *orbit.Problem {
	p := &orbit.Problem{
		Code: orbit.CodeInternal, Title: "The change of workspace " + a.workspace + " was put back",
		Detail: cause.Error(),
	}
	var (
		boot    *runtime.BootError
		install *bundle.Error
		told    *orbit.Problem
	)
	switch {
	case errors.As(cause, &boot):
		p.Code, p.Plugin, p.LogTail = boot.Code, boot.Plugin, readable(boot.LogTail)
		p.Detail = boot.Error()
	case errors.As(cause, &install):
		p.Code, p.Plugin, p.Detail = install.Code, install.Plugin, install.Error()
	case errors.As(cause, &told):
		p.Code, p.Plugin, p.Detail, p.Diagnostics = told.Code, told.Plugin, told.Detail, told.Diagnostics
	case errors.Is(cause, context.DeadlineExceeded):
		p.Code = orbit.CodeBootTimeout
		p.Detail = "not done within the time the change was given: " + cause.Error()
	}
	masker := a.masker(ctx)
	p.Detail, p.LogTail = printable(masker.Mask(p.Detail)), masker.MaskLines(p.LogTail)
	for i, line := range p.LogTail {
		p.LogTail[i] = printable(line)
	}
	return p
}

// masker hides the secrets that the instance's processes were given, and the present ones.
func (a *actor) masker(ctx context.Context) *secret.Masker {
	values := slices.Collect(maps.Keys(a.given))
	present, err := a.Vault.Values(context.WithoutCancel(ctx), a.workspace)
	if err != nil {
		a.logger.WarnContext(ctx, "the present secrets cannot be read; only those that processes were given are masked", "error", err)
	}
	return secret.NewMasker(append(values, present...))
}

func (a *actor) mask(ctx context.Context, text string) string { return a.masker(ctx).Mask(text) }

// printable removes what PostgreSQL's text and JSON cannot hold and no terminal should show.
func printable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}

// summaryReasons is how many reasons an event quotes.
const summaryReasons = 3

// summary is the reasons in one line.
func summary(reasons []orbit.Reason) string {
	parts := make([]string, 0, summaryReasons+1)
	for i, r := range reasons {
		if i == summaryReasons {
			parts = append(parts, fmt.Sprintf("and %d more", len(reasons)-summaryReasons))
			break
		}
		part := r.Path + " changed"
		if r.Path == "instance" { // nothing that is declared
			part = r.Because
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
