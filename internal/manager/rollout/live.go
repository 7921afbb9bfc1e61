package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// push is the step of impact live: the running process is given the config, and its effect is looked for. What the
// process does not take up is taken back, and becomes a restart where restarts are let happen by themselves.
func (a *actor) push(ctx context.Context, r rollout) error {
	a.progress(ctx, r, "pushing the config to the running process")
	config, err := a.effective(ctx, r.declared.In(a.blue.record.Given))
	if err != nil {
		return err
	}
	looks, err := a.looks(r)
	if err != nil {
		return err
	}
	if _, limited := ctx.Deadline(); !limited { // nobody waits, but what comes next does
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, pushTimeout)
		defer cancel()
	}
	refusal := a.blue.Push(ctx, config, looks)
	if err = refusal; err == nil {
		err = a.setGiven(ctx, r.declared)
	}
	switch {
	case err == nil:
		a.event(ctx, "Normal", "ConfigPushed", fmt.Sprintf("generation %d is live, with the same process", r.declared.Generation), r.id)
		return nil
	case ended(a.blue):
		return errBlueEnded
	}
	left := a.pushBack(ctx, r)
	switch {
	case refusal == nil || ctx.Err() != nil: // the process is not to blame
		return fmt.Errorf("push the config to the running process: %w", err)
	case !r.declared.Spec.RestartPolicy.Automatic():
		return &orbit.Problem{
			Code: orbit.CodePushFailed, Title: "The change of workspace " + a.workspace + " was put back",
			Detail: fmt.Sprintf("it was to be live, and the running process did not take it up: %s. The restart_policy %s lets no restart happen for it%s",
				refused(refusal), r.declared.Spec.RestartPolicy, left),
		}
	}
	if err := a.warn(ctx, r, refusal); err != nil {
		return err
	}
	return a.replace(ctx, r)
}

// looks are the questions whether the serving process has taken up what is declared.
func (a *actor) looks(r rollout) ([]changeplan.Look, error) {
	before, err := a.blue.record.Given.State()
	if err != nil {
		return nil, err
	}
	after, err := r.declared.State()
	return changeplan.Looks(before, after), err
}

// refused says what of a push was not taken up.
func refused(refusal error) string {
	var unseen *runtime.UnseenError
	if !errors.As(refusal, &unseen) {
		return refusal.Error()
	}
	parts := make([]string, len(unseen.Unseen))
	for i, u := range unseen.Unseen {
		parts[i] = u.Path + " (" + u.Why + ")"
	}
	return strings.Join(parts, ", ")
}

// warn tells the rollout's changes that their live change becomes a restart.
func (a *actor) warn(ctx context.Context, r rollout, refusal error) error {
	why := printable(a.mask(ctx, refused(refusal)))
	a.logger.WarnContext(ctx, "live change not taken up; the process is replaced", "rollout", r.id, "generation", r.declared.Generation,
		"error", why)
	a.event(ctx, "Warning", "LiveChangeNotTakenUp", "the running process did not take up "+why+"; it is replaced", r.id)
	warning := orbit.Diagnostic{
		Code: orbit.CodeNotTakenUp, Severity: orbit.SeverityWarning,
		Message: "it was planned live, and the running process did not take it up: " + why + ". The process was replaced by one that starts with it",
	}
	var unseen *runtime.UnseenError
	if errors.As(refusal, &unseen) {
		warning.Path = unseen.Unseen[0].Path
	}
	return a.Store.WarnOfChanges(ctx, r.changeIDs(), warning)
}

// pushBack gives the running process the config that it had: it may have taken in the new one, or a part of it. Where
// that fails too, nobody knows what it runs with, and it is replaced, which the sentence that is returned says.
func (a *actor) pushBack(ctx context.Context, r rollout) string {
	// The rollout's own deadline may be what ended the push.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushBackTimeout)
	defer cancel()
	before, err := a.effective(ctx, a.blue.record.Given)
	if err == nil {
		err = a.blue.Push(ctx, before, nil)
	}
	if err == nil {
		return ""
	}
	a.blue.tainted = true
	a.logger.WarnContext(ctx, "the config before could not be pushed back; the process will be replaced", "rollout", r.id,
		"error", a.mask(ctx, err.Error()))
	return "; but the config before could not be given back either, and nobody knows what the process runs with now, so it is " +
		"replaced by one that has it"
}

// The host runs one push after the other, and lets listeners take 30 s and the looks after them 10 s more.
const (
	// pushTimeout bounds a push that no change waits for.
	pushTimeout = time.Minute
	// pushBackTimeout bounds the way back from a failed push.
	pushBackTimeout = 45 * time.Second
)
