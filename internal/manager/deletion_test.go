package manager_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestADeletionThatDoesNotComeToItsEndFailsAndGoesOn(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fake.Fault{
		"fails": {Op: fake.OpDestroy, Err: errors.New("the disk is broken")},
		"hangs": {Op: fake.OpStop},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := ownServer(t)
			workspace := "undeleted-" + name
			declare(t, c, workspace, title("A"))
			gate := make(chan struct{})
			letGo := sync.OnceFunc(func() { close(gate) })
			t.Cleanup(letGo)
			if fault.Workspace = workspace; fault.Err == nil {
				fault.Gate = gate
			}
			before := calls(s, workspace, fault.Op)
			s.Runtime.Inject(fault)
			change, err := c.DeleteInstance(t.Context(), workspace, orbit.Precondition{})
			if err != nil {
				t.Fatal(err)
			}
			within(t, "the deletion to be under way", func() bool { return calls(s, workspace, fault.Op) > before })
			if change, err = c.GetChange(t.Context(), change.ID, 0); err != nil || change.Done() {
				t.Fatalf("before its deadline the change is %+v (%v), want it pending", change, err)
			}
			execute(t, s, "UPDATE changes SET deadline = now() WHERE id = $1", change.ID)
			if err := s.Restart(t.Context()); err != nil { // the attempt under way began with another deadline
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), settleTime)
			defer cancel()
			if change, err = c.WaitChange(ctx, change.ID, nil); err != nil || change.State != orbit.ChangeFailed {
				t.Fatalf("after its deadline the change is %+v (%v), want failed", change, err)
			}
			if fault.Err != nil && !strings.Contains(change.Problem.Detail, fault.Err.Error()) {
				t.Errorf("the problem is %v, want it to say why", change.Problem)
			}
			if phase := instance(t, c, workspace).Status.Phase; phase != orbit.PhaseDeleting {
				t.Errorf("the instance is %s, want Deleting", phase)
			}
			s.Runtime.Clear()
			letGo()
			within(t, "the instance to be gone", func() bool {
				_, err := c.GetInstance(t.Context(), workspace)
				return orbit.IsNotFound(err)
			})
		})
	}
}
