package rollout

import (
	"context"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// cannotAdopt says what to do about a process that this orbitd cannot take over, because another version started it for
// example, and returns why. Nothing else is started meanwhile: both would write to one database.
func (a *actor) cannotAdopt(ctx context.Context, record store.Process, cause error) error {
	if ctx.Err() == nil && !a.unadopted {
		a.unadopted = true
		advice := fmt.Sprintf("process %s, which an earlier orbitd started, cannot be taken over: %v. Run that orbitd's version again, "+
			"or end the process with its orbitd stop --all; until then nothing of this instance changes, and taking over is tried again", record.ID, cause)
		a.event(ctx, "Warning", "NotAdopted", advice, "")
		if a.blue == nil {
			a.condition(ctx, orbit.ConditionReady, false, "NotAdopted", advice)
		}
	}
	if a.blue == nil {
		a.Gateway.Fail(a.workspace, gateway.Failed)
	}
	return fmt.Errorf("adopt process %s: %w", record.ID, cause)
}
