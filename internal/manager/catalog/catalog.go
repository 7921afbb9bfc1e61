// Package catalog is a client of the catalogs of workspaces: it registers and removes locations and reads entities, with
// what orbitd signs for the workspace's Backstage.
//
// Requests take the way of everybody's, through the gateway: while a process is replaced they wait and reach the new
// one. An instance that serves nothing, or a catalog that gives no sensible answer, is catalog_unavailable; what a
// catalog does not take is catalog_refused, in its own words.
package catalog

import (
	"context"
	"net/http"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Store knows the instances and the registrations that clients retry.
type Store interface {
	Instance(ctx context.Context, workspace string) (store.Instance, error)
	// Registration returns the target that a request with the key began to register, or store.ErrNotFound.
	Registration(ctx context.Context, workspace, key string) (target string, err error)
	// Register notes that a request with the key begins to register the target, and returns the target that an
	// earlier one with the key began to register; "" for the first.
	Register(ctx context.Context, workspace, key, target string) (earlier string, err error)
	Unregister(ctx context.Context, workspace, key string) error
}

// Options are what a Catalogs works with.
type Options struct {
	Store Store
	// Gateway takes requests to instances, and Host is the host name under which it takes a workspace's.
	Gateway http.Handler
	Host    func(workspace string) string
	// Sign returns the bearer token with which orbitd calls the workspace's instance.
	Sign func(workspace string) (string, error)
	// Masker takes the workspace's secrets out of what its catalog said.
	Masker func(ctx context.Context, workspace string) (*secret.Masker, error)
	// Ending is done when orbitd lets go of the instances: nobody waits for entities then.
	Ending context.Context //nolint:containedctx // it is a life
}

// Catalogs are those of all workspaces. All methods may be called concurrently.
type Catalogs struct{ Options }

// New returns the catalogs.
func New(o Options) *Catalogs { return &Catalogs{o} }

const (
	// askTimeout bounds what is asked of a catalog for one request to orbitd, with the time for which the gateway holds
	// it: well below what a client of orbitd's API waits.
	askTimeout = 30 * time.Second
	// complaintTimeout bounds the question why nothing came of a location.
	complaintTimeout = 10 * time.Second
)

// enter begins a request to the workspace's catalog, which leave ends, or says why it cannot be asked.
func (c *Catalogs) enter(ctx context.Context, workspace string) (bounded context.Context, leave func(), err error) {
	instance, err := c.Store.Instance(ctx, workspace)
	switch {
	case err != nil:
		return nil, nil, err
	case instance.Deleting:
		return nil, nil, &orbit.Problem{
			Code: orbit.CodeDeleting, Title: "The catalog of workspace " + workspace + " is going away", Detail: "its instance is being deleted",
		}
	}
	bounded, leave = context.WithTimeout(ctx, askTimeout)
	return bounded, leave, nil
}
