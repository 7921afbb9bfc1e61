package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// accept sends a write. Interrupting the run does not cut it short: it takes a moment, and a write that was accepted
// unseen would leave something that no state knows.
func accept[T any](ctx context.Context, write func(context.Context) (T, error)) (T, error) {
	return acceptWithin(ctx, writeTimeout, write)
}

// acceptWithin is accept with a bound of its own.
func acceptWithin[T any](ctx context.Context, timeout time.Duration, write func(context.Context) (T, error)) (T, error) {
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	return write(ctx)
}

// await waits for a change's fate; the client logs its progress. The warnings of an applied change become diagnostics.
//
// A nil change means that the fate is not known, for the reason that the error gives; orbitd carries on then.
func await(ctx context.Context, client *orbit.Client, change *orbit.Change, where locate, diags *diag.Diagnostics) (*orbit.Change, error) {
	return awaitBy(ctx, client.WaitChange, change, nil, where, diags)
}

// follow is await for somebody who watches: tell is told of each step that orbitd takes.
func follow(ctx context.Context, client *orbit.Client, change *orbit.Change, tell func(string), diags *diag.Diagnostics) (*orbit.Change, error) {
	var last string
	return awaitBy(ctx, client.FollowChange, change, func(c orbit.Change) {
		if c.Progress != "" && c.Progress != last && !c.Done() {
			last = c.Progress
			tell(c.Progress)
		}
	}, nowhere, diags)
}

func awaitBy(ctx context.Context, wait func(context.Context, string, func(orbit.Change)) (*orbit.Change, error),
	change *orbit.Change, progress func(orbit.Change), where locate, diags *diag.Diagnostics,
) (*orbit.Change, error) {
	verdict := change
	if !change.Done() {
		var err error
		if verdict, err = wait(ctx, change.ID, progress); err != nil {
			return nil, err
		}
	}
	verdict.RequestID = change.RequestID // only the answer to the write has it
	if verdict.State == orbit.ChangeApplied {
		reportFindings("Change of "+subjectOf(verdict)+" was applied with a warning", verdict.Warnings, where, diags)
	}
	return verdict, nil
}

func subjectOf(change *orbit.Change) string {
	if change.Plugin != "" {
		return "plugin " + change.Plugin + " of " + change.Workspace
	}
	return "instance " + change.Workspace
}

// problemOf is why a change failed, also where orbitd does not say.
func problemOf(change *orbit.Change) *orbit.Problem {
	if change.Problem != nil {
		return change.Problem
	}
	return &orbit.Problem{Title: "orbitd put the change back and gave no reason", Code: orbit.CodeInternal}
}

// unknownFate tells what to do when the wait for a resource's change ended without a verdict.
func unknownFate(change *orbit.Change, err error) string {
	return joinParagraphs(whyUnknown(err), "orbitd goes on with change "+change.ID+". Nothing has to be repaired: the next plan "+
		"waits for its end and shows how it ended.")
}

// whyUnknown says why a wait ended without a verdict.
func whyUnknown(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "The run was interrupted."
	case errors.Is(err, context.DeadlineExceeded):
		return "The timeout was over before orbitd had a verdict."
	default:
		return sentence(err.Error())
	}
}

// afterword asks what still has to be read after a write, also when the run was interrupted. It bears an orbitd that
// is restarting just then, as the wait for the change does.
func afterword[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	timeout := afterwordTimeout
	if ctx.Err() != nil {
		timeout = lastWordTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	return askUntil(ctx, orbit.IsTransient, ask)
}

// askUntil asks again and again while the answer is an error that may pass, until the context ends.
func askUntil[T any](ctx context.Context, passes func(error) bool, ask func(context.Context) (T, error)) (T, error) {
	for {
		answer, err := ask(ctx)
		if err == nil || !passes(err) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(askAgain):
		}
	}
}
