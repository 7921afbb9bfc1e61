package manager

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// site is where the workspace's instance is reached that has the base URL; "" is none.
func (m *Manager) site(workspace, baseURL string) changeplan.Site {
	address := m.URL(workspace, baseURL)
	return changeplan.Site{URL: address, Development: development(m.GatewayAddress(), address)}
}

// development says whether an instance is for development: the gateway listens on loopback, and its name is one that
// every machine takes for itself. A name that others know means a proxy before the gateway, and so other people.
func development(gateway, address string) bool {
	host, _, err := net.SplitHostPort(gateway)
	if err != nil || !loopback(host) {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix("."+strings.TrimSuffix(u.Hostname(), "."), ".localhost")
}

// tellGuests logs which instances sign everybody in as a guest. One that was allowed to under another domain goes on: it
// is not for orbitd to end what runs. Its next change is refused until that is mended.
func (m *Manager) tellGuests(ctx context.Context) {
	if err := m.core.eachInstance(ctx, m.tellGuest); err != nil && ctx.Err() == nil {
		m.options.Logger.WarnContext(ctx, "not told of all instances whether they sign everybody in as a guest", "error", err)
	}
}

func (m *Manager) tellGuest(ctx context.Context, workspace string) error {
	given, err := m.core.store.Declared(ctx, workspace)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	state, err := given.State()
	if err != nil || !changeplan.GuestsSignIn(state) {
		return nil //nolint:nilerr // a document that cannot be read is told of where it is used
	}
	site := m.site(workspace, given.Spec.BaseURL)
	if site.Development {
		m.options.Logger.WarnContext(ctx, "everybody who reaches the instance is signed in as a guest", "workspace", workspace, "url", site.URL)
		return nil
	}
	m.options.Logger.WarnContext(ctx, "everybody who reaches the instance is signed in as a guest, which is for development only; "+
		"no change of it is taken until auth.providers.guest is gone", "workspace", workspace, "url", site.URL)
	return m.core.store.PutEvent(ctx, orbit.Event{
		Workspace: workspace, Type: "Warning", Reason: "GuestSignIn",
		Message: "everybody who reaches " + site.URL + " is signed in as a guest, which is for development only; no change of the " +
			"instance is taken until auth.providers.guest is gone",
	})
}
