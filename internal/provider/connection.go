package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// connection is how resources reach orbitd. The client is made when it is first needed.
type connection struct {
	// unknown says that a part of the provider's configuration is known only after apply. There is no client then, and
	// no default stands in for what is not known.
	unknown   bool
	endpoint  string
	token     string
	tokenFile string
	// tokenFrom is where the token or the file was named: token, token_file or a variable of the environment.
	tokenFrom string
	userAgent string

	once   sync.Once
	client *orbit.Client
	err    error

	reach reach
	// refreshed says that resources were read: a plan begins with that, and an apply plans again without.
	refreshed atomic.Bool
}

// errUnconfigured is why there is no client yet.
var errUnconfigured = errors.New("the provider's configuration is known only after apply")

var errNoToken = errors.New("no token is configured: set token_file or token in the provider block, or " + envTokenFile +
	" or " + envToken + " in the environment; orbitd makes a token at its first start and says where it is")

const whereTokenIs = "name the file token of orbitd's data directory, which orbitd writes at its first start"

// defaultsFrom fills in what the provider block leaves out.
func (c *connection) defaultsFrom(env func(string) string) {
	if c.endpoint == "" {
		c.endpoint = env(envEndpoint)
	}
	if c.endpoint == "" {
		c.endpoint = orbit.DefaultEndpoint
	}
	switch {
	case c.token != "":
		c.tokenFrom = "token"
	case c.tokenFile != "":
		c.tokenFrom = "token_file"
	case env(envToken) != "":
		c.token, c.tokenFrom = env(envToken), envToken
	case env(envTokenFile) != "":
		c.tokenFile, c.tokenFrom = env(envTokenFile), envTokenFile
	}
}

// tokenSource is how messages call where the token comes from: "token_file (/run/orbit/token)".
func (c *connection) tokenSource() string {
	if c.tokenFile == "" {
		return c.tokenFrom
	}
	return c.tokenFrom + " (" + c.tokenFile + ")"
}

// Client returns the client, or why there can be none.
func (c *connection) Client() (*orbit.Client, error) {
	if c.unknown {
		return nil, errUnconfigured
	}
	c.once.Do(func() {
		c.client, c.err = orbit.NewClient(orbit.ClientOptions{
			Endpoint:    c.endpoint,
			TokenSource: c.currentToken,
			UserAgent:   c.userAgent,
			Logger:      slog.New(tflogHandler{}),
		})
	})
	return c.client, c.err
}

// currentToken reads a token file anew, since the manager may be installed, or its token renewed, during the run.
func (c *connection) currentToken(context.Context) (string, error) {
	switch {
	case c.token != "":
		return c.token, nil
	case c.tokenFile != "":
		content, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return "", fmt.Errorf("read the file that %s names: %w; %s", c.tokenFrom, err, whereTokenIs)
		}
		token := strings.TrimSpace(string(content))
		if token == "" {
			return "", fmt.Errorf("the file %s that %s names is empty; %s", c.tokenFile, c.tokenFrom, whereTokenIs)
		}
		return token, nil
	default:
		return "", errNoToken
	}
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
