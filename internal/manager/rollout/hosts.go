package rollout

import (
	"context"
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// hosts are what the gateway sends to an instance beside its name under the domain: the host of the process that serves,
// where people are at home, and that of the one before it until that has ended, because its pages still ask there.
type hosts struct {
	home   string   // its base URL, "" for none
	before *process // nil: it has ended, or there was none
}

// answerUnder makes the instance answer under the host that p is given, and under that of the process before.
func (a *actor) answerUnder(p, before *process) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := hosts{before: before}
	if p != nil {
		next.home = p.record.Given.Spec.BaseURL
	}
	if err := a.declare(next); err != nil {
		return err
	}
	a.hosts = next
	return nil
}

// leaveHost ends that the instance answers under the host of a process that has ended.
func (a *actor) leaveHost(p *process) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hosts.before != p {
		return
	}
	a.hosts.before = nil
	if err := a.declare(a.hosts); err != nil { // fewer names than before
		a.logger.Error("the gateway does not take the instance's hosts", "error", err)
	}
}

func (a *actor) declare(h hosts) error {
	lingering := ""
	if h.before != nil {
		lingering = h.before.record.Given.Spec.BaseURL
	}
	return a.declareHosts(a.workspace, h.home, lingering)
}

// declareHosts tells the gateway the base URL of an instance, and that of a process that has not ended yet; "" is none.
func (s *Supervisor) declareHosts(workspace, home, lingering string) error {
	var names []string
	for _, base := range []string{home, lingering} {
		if host := (orbit.InstanceSpec{BaseURL: base}).OwnHost(); host != "" {
			names = append(names, host)
		}
	}
	err := s.Gateway.SetHosts(workspace, home, names)
	if errors.Is(err, gateway.ErrHostTaken) {
		// The domain moved since it was accepted. Whose it is now the log says; that is not for everybody.
		s.Logger.Error("an instance's host is taken", "workspace", workspace, "error", err)
		return &orbit.Problem{
			Code: orbit.CodeHostTaken, Title: "The host of workspace " + workspace + " is taken",
			Detail: "the gateway does not send " + home + " here: its host is under the gateway's domain now, or another " +
				"instance has it; choose another base_url",
		}
	}
	return err
}

// declareStored tells the gateway under which hosts the instances were reached when orbitd ended, before anybody asks.
func (s *Supervisor) declareStored(ctx context.Context, instances []store.Instance) error {
	lingering, err := s.Store.LingeringURLs(ctx)
	if err != nil {
		return err
	}
	for _, i := range instances {
		if i.Served == nil {
			continue
		}
		// One that is taken, because the gateway's domain is another one now, is logged; the instance serves on without.
		_ = s.declareHosts(i.Workspace, i.Served.Spec.BaseURL, lingering[i.Workspace])
	}
	return nil
}
