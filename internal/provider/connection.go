package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// connection is how resources reach orbitd, and what the provider is set to. The client is made when it is first needed.
type connection struct {
	// unknown says that a part of the provider's configuration is known only after apply. There is no client then, and
	// no default stands in for what is not known.
	unknown        bool
	endpoint       string
	token          material
	trust          trust
	maxRetries     int
	maxConcurrency int
	userAgent      string
	// defaultLabels are those of all instances; they, or some, may be unknown.
	defaultLabels types.Map

	mu     sync.Mutex
	client *orbit.Client

	reach    reach
	catalogs catalogs
	reads    reads
	logs     logs
	// refreshed says that resources were read: a plan begins with that, and an apply plans again without.
	refreshed atomic.Bool
}

// errUnconfigured is why there is no client yet.
var errUnconfigured = errors.New("the provider's configuration is known only after apply: give what is read now " +
	"depends_on with whatever makes orbitd, so that it is read then, or apply that first with -target")

var errNoToken = errors.New("no token is configured: set token_file or token in the provider block, or " + envTokenFile +
	" or " + envToken + " in the environment; orbitd makes a token at its first start and says where it is. In HCP Terraform " +
	"the run's workload identity serves as one, when the workspace has the variable TFC_WORKLOAD_IDENTITY_AUDIENCE")

const whereTokenIs = "name the file token of orbitd's data directory, which orbitd writes at its first start"

// Client returns the client, or why there can be none now: a file may be written by the same run.
func (c *connection) Client() (*orbit.Client, error) {
	if c.unknown {
		return nil, errUnconfigured
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		return c.client, nil
	}
	config, err := c.trust.config()
	if err != nil {
		return nil, err
	}
	if key, err := c.trust.key.read(); err == nil {
		c.logs.hide(key)
	}
	retries := c.maxRetries
	if retries == 0 {
		retries = -1 // 0 is the client's default
	}
	c.client, err = orbit.NewClient(orbit.ClientOptions{
		Endpoint: c.endpoint, TokenSource: c.currentToken, UserAgent: c.userAgent, TLS: config, RetryMax: retries,
		MaxConcurrency: c.maxConcurrency, OnWrite: c.reads.end, Logger: slog.New(logHandler{logs: &c.logs}),
	})
	return c.client, err
}

func (c *connection) currentToken(context.Context) (string, error) {
	if !c.token.given() {
		return "", errNoToken
	}
	token, err := c.token.read()
	if err != nil {
		return "", fmt.Errorf("%w; %s", err, whereTokenIs)
	}
	c.logs.hide(token)
	return token, nil
}

// connected is the part of a resource or data source that Configure fills.
type connected struct {
	conn *connection
}

// connect takes what the provider's Configure left; nil means that the provider is not configured yet.
func (c *connected) connect(providerData any, diags *diag.Diagnostics) {
	if providerData == nil {
		return
	}
	conn, ok := providerData.(*connection)
	if !ok {
		diags.AddError("Unable to configure the resource", fmt.Sprintf("The provider's data is a %T. "+
			"This is a bug in the provider.", providerData))
		return
	}
	c.conn = conn
}

// client returns the client or reports why the action cannot be done: "Unable to create instance acme".
func (c *connected) client(summary string, diags *diag.Diagnostics) (*orbit.Client, bool) {
	client, err := c.conn.Client()
	if err != nil {
		diags.AddError(summary, sentence(err.Error()))
		return nil, false
	}
	return client, true
}
