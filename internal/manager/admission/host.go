package admission

import (
	"context"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// hosts knows which host names instances have.
type hosts interface {
	HostTaken(ctx context.Context, workspace, host string) (bool, error)
}

// checkHost refuses a base URL whose host leads elsewhere. It does not say to whom: not every caller may know of every
// workspace.
func (a *Admission) checkHost(ctx context.Context, known hosts, workspace string, spec orbit.InstanceSpec) ([]orbit.Diagnostic, error) {
	host := spec.OwnHost()
	if host == "" {
		return nil, nil
	}
	if host == a.Domain || strings.HasSuffix(host, "."+a.Domain) {
		return hostTaken("names under " + a.Domain + " are the gateway's own, and every workspace has one without asking: leave base_url out, " +
			"or give a name outside of it"), nil
	}
	taken, err := known.HostTaken(ctx, workspace, host)
	if err != nil || !taken {
		return nil, err
	}
	return hostTaken("another instance has the host " + host + ", or had it a moment ago: choose another one, or free it there first"), nil
}

func hostTaken(message string) []orbit.Diagnostic {
	return []orbit.Diagnostic{{Code: orbit.CodeHostTaken, Severity: orbit.SeverityError, Path: "base_url", Message: message}}
}

// claimHost makes sure that the host is the instance's when the transaction ends: of two that claim it at the same time
// one is refused.
func (a *Admission) claimHost(ctx context.Context, tx *store.Tx, workspace string, spec orbit.InstanceSpec) error {
	if host := spec.OwnHost(); host != "" {
		if err := tx.LockHost(ctx, host); err != nil {
			return err
		}
	}
	found, err := a.checkHost(ctx, tx, workspace, spec)
	if err != nil {
		return err
	}
	return refuse("instance "+workspace, found)
}
