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
func accept(ctx context.Context, write func(context.Context) (*orbit.Change, error)) (*orbit.Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return write(ctx)
}

// await waits for a change's fate; the client logs its progress. The warnings of an applied change become diagnostics.
//
// A nil change means that the fate is not known, for the reason that the error gives; orbitd carries on then.
func await(ctx context.Context, client *orbit.Client, change *orbit.Change, where locate, diags *diag.Diagnostics) (*orbit.Change, error) {
	verdict := change
	if !change.Done() {
		var err error
		if verdict, err = client.WaitChange(ctx, change.ID, nil); err != nil {
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

// unknownFate tells what to do when a wait ended without a verdict.
func unknownFate(change *orbit.Change, err error) string {
	why := sentence(err.Error())
	switch {
	case errors.Is(err, context.Canceled):
		why = "The run was interrupted."
	case errors.Is(err, context.DeadlineExceeded):
		why = "The timeout was over before orbitd had a verdict."
	}
	return joinParagraphs(why, "orbitd goes on with change "+change.ID+". Nothing has to be repaired: the next plan waits for "+
		"its end and shows how it ended.")
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
	for {
		answer, err := ask(ctx)
		if err == nil || !orbit.IsTransient(err) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(askAgain):
		}
	}
}
