package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// catalogPatience bounds what a read asks a catalog: longer than orbitd itself waits for one, so that it is orbitd's word that
// arrives.
const catalogPatience = 45 * time.Second

// catalogs remember whose catalogs could not be asked, so that a plan waits once for each and not for every location.
type catalogs struct {
	mu   sync.Mutex
	away map[string]error
}

func (c *catalogs) lost(workspace string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away[workspace]
}

func (c *catalogs) learn(workspace string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away == nil {
		c.away = map[string]error{}
	}
	c.away[workspace] = err
}

// location reads a location; nil is none. A catalog that gives no answer is no sign that orbitd is away.
func (c *connection) location(ctx context.Context, sought *locationModel) (*orbit.CatalogLocation, error) {
	workspace := sought.Workspace.ValueString()
	if err := c.catalogs.lost(workspace); err != nil {
		return nil, err
	}
	location, err := ask(ctx, c, catalogPatience, func(ctx context.Context, client *orbit.Client) (*orbit.CatalogLocation, error) {
		location, err := sought.find(ctx, client)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = &orbit.Problem{
				Code: orbit.CodeCatalogUnavailable, Title: "The catalog gives no answer",
				Detail: fmt.Sprintf("the catalog of %s gave no answer within %s", workspace, catalogPatience),
			}
		}
		return location, err
	})
	if catalogAway(err) {
		c.catalogs.learn(workspace, err)
	}
	return location, err
}
