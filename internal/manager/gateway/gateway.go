// Package gateway is the reverse proxy that every request to an instance passes.
//
// A request finds its workspace by host name and the workspace's target by what the manager last said of it:
//
//	         Switch                 Hold                    Switch, Release
//	unknown ───────▶ serving ──────────────▶ holding ──────────────────────▶ serving
//	                    │                       │
//	                    └─────────Fail──────────┴──▶ unavailable (503, with the reason)
//
// Every such step replaces a route's state in one atomic store, so a request sees either the old state or the new one.
// A request that took the old target just before the step is counted on it: Drain waits for exactly these.
// Connections that clients keep open are the gateway's own, so their next requests reach the new target.
//
// What the gateway promises a client:
//   - A request is sent to an instance at most once, except where nothing of it can have been processed: no connection
//     could be made, or a kept connection was closed before the first byte of a request that is idempotent or whose
//     body was not touched.
//   - Headers that speak of the way of a request (X-Forwarded-*, Forwarded, X-Real-Ip) are the gateway's own; what came
//     in under these names is dropped, after a trusted proxy's For, Host and Proto were believed. The Host header, path
//     and query pass as they came.
//   - An access token of orbitd's never reaches an instance: a token of the instance's own kind takes its place.
//   - A browser that opens a page while there is no target is answered with one that goes on by itself, also while others
//     wait; nothing in it comes from elsewhere than the gateway.
//   - Answers stream: without a Content-Length each piece is flushed as it comes.
//   - When its target is replaced, what has no end of its own is told to go before it is cut: an event stream ends as a
//     whole answer between two events, a WebSocket with a Close frame (1012, Service Restart) between two frames.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultDomain       = "localhost"
	DefaultHoldLimit    = 2000
	DefaultHoldTimeout  = 60 * time.Second
	DefaultPageAfter    = 3 * time.Second
	DefaultRetryTimeout = time.Second
)

// Options are a gateway's settings. The zero value of each field means its default.
type Options struct {
	// Domain is the parent of every workspace's host name: "localhost" makes it acme.localhost.
	Domain string
	// Logger takes one line for each request that a target did not answer; slog.Default by default.
	Logger *slog.Logger
	// HoldLimit is how many requests of one workspace may wait at a time; more are answered 503 at once.
	HoldLimit int
	// HoldTimeout is how long a request waits while its workspace is held before it is answered 503.
	HoldTimeout time.Duration
	// PageAfter is how long a browser that opens a page waits in that time: then it is answered 503 with a page that says
	// what it waits for, and goes on by itself.
	PageAfter time.Duration
	// RetryTimeout is how long a request whose target refuses connections waits for the route to change before it is
	// answered 502.
	RetryTimeout time.Duration
	// TrustedProxies are the networks of the proxies in front, whose X-Forwarded-For, -Host and -Proto are believed.
	TrustedProxies []netip.Prefix
	// SharesConnection says whether a client that asked for one host name in its TLS handshake may ask for another over
	// the same connection; nil lets it.
	SharesConnection func(name, other string) bool
	// Dial connects to a target's address; TCP with a timeout of 3 s by default.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Gateway routes requests to instances. It is an http.Handler; all methods may be called concurrently.
type Gateway struct {
	options Options
	logger  *slog.Logger
	buffers bufferPool

	received http.Handler // serve behind Receive

	hosts atomic.Pointer[map[string]*route] // read without a lock by every request, replaced as a whole under mu

	exchange atomic.Pointer[Exchange] // nil: access tokens pass as they are

	mu       sync.Mutex // makes the steps below one after the other
	routes   map[string]*route
	replaced []*Target // those that may have requests still
}

// New returns a gateway that knows no workspace.
func New(options Options) *Gateway {
	if options.Domain == "" {
		options.Domain = DefaultDomain
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.HoldLimit == 0 {
		options.HoldLimit = DefaultHoldLimit
	}
	if options.HoldTimeout == 0 {
		options.HoldTimeout = DefaultHoldTimeout
	}
	if options.PageAfter == 0 {
		options.PageAfter = DefaultPageAfter
	}
	if options.RetryTimeout == 0 {
		options.RetryTimeout = DefaultRetryTimeout
	}
	if options.Dial == nil {
		options.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext
	}
	options.Domain = canonicalHost(options.Domain)
	g := &Gateway{options: options, logger: options.Logger, routes: map[string]*route{}}
	g.hosts.Store(&map[string]*route{})
	g.received = g.Receive(http.HandlerFunc(g.serve))
	return g
}

// Host is the host name under which the workspace is reached without declaring one, "acme.localhost" for example.
func (g *Gateway) Host(workspace string) string {
	return workspace + "." + g.options.Domain
}

// Switch sends the workspace's requests to the process at address (host:port, or the path of a Unix socket) from now on,
// those that are being held too. It returns the target that served before, nil if there was none; that one takes no new
// requests, and its requests go on until the caller drains it.
func (g *Gateway) Switch(workspace, address string) (previous *Target) {
	next := newTarget(g, workspace, address)
	return g.step(workspace, func(state) state { return state{target: next} })
}

// Hold makes the workspace's requests wait until Switch, Release or Fail, at most HoldLimit of them and each at most
// HoldTimeout. It returns the target that serves now, nil if there is none. Requests that the target already has go on:
// drain it before its process is stopped.
func (g *Gateway) Hold(workspace string) (current *Target) {
	g.step(workspace, func(s state) state {
		current, s.held = s.target, true
		return s
	})
	return current
}

// Release ends a hold: requests go to the target that served when it began. When that target was drained meanwhile
// they are answered 503. It does nothing to a workspace that is not held.
func (g *Gateway) Release(workspace string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.routes[workspace]; r != nil {
		s := *r.state.Load()
		if s.held {
			s.held = false
			r.set(s)
		}
	}
}

// Fail answers the workspace's requests 503 from now on, those that are being held too, and tells visitors why. It returns
// the target that served before, nil if there was none, which takes no new requests.
func (g *Gateway) Fail(workspace string, why Absence) (previous *Target) {
	return g.step(workspace, func(state) state { return state{absence: why} })
}

// Tell says what is being done until the workspace's requests are taken, in words that every visitor may read. It does
// nothing while they are taken. An instance that something is done about is one that starts.
func (g *Gateway) Tell(workspace, doing string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.routes[workspace]
	if r == nil {
		return
	}
	s := *r.state.Load()
	if s.target != nil && !s.held {
		return
	}
	s.doing, s.absence = doing, Starting
	r.set(s)
}

// Remove forgets the workspace and its hosts: its requests are answered 404, those that are being held too. It returns
// the target that served before, nil if there was none, which takes no new requests.
func (g *Gateway) Remove(workspace string) (previous *Target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.routes[workspace]
	if r == nil {
		return nil
	}
	delete(g.routes, workspace)
	g.publish()
	return g.replace(r, state{removed: true})
}

// SetHosts declares the host names under which the workspace is reached beside its own <workspace>.<domain>, in place
// of those declared before. A name is a DNS name without a port. A name under the gateway's domain, or of another
// workspace, is refused, and nothing is changed then.
//
// Home is the base URL of the name at which people are to be, "" for the workspace's own. A browser that opens a page
// under another of its names is sent there: the web app calls its backend at home alone, and a session is good there
// alone. All else, API clients above all, is served under every name.
func (g *Gateway) SetHosts(workspace, home string, hosts []string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	declared := make([]string, 0, len(hosts))
	for _, host := range hosts {
		name, err := g.declarable(workspace, host)
		if err != nil {
			return fmt.Errorf("declare host %q for workspace %s: %w", host, workspace, err)
		}
		declared = append(declared, name)
	}
	r := g.route(workspace)
	r.hosts = declared
	r.home.Store(newHome(home))
	g.publish()
	return nil
}

// Drain drains every target that was replaced, as Target.Drain does.
func (g *Gateway) Drain(ctx context.Context) error {
	g.mu.Lock()
	targets := slices.Clone(g.replaced)
	g.mu.Unlock()
	failed := make([]error, len(targets))
	var drains sync.WaitGroup
	for i, target := range targets {
		drains.Go(func() { failed[i] = target.Drain(ctx) })
	}
	drains.Wait()
	return errors.Join(failed...)
}

// Close answers new and held requests 503 and drains every target. The gateway stays usable.
func (g *Gateway) Close(ctx context.Context) error {
	for _, workspace := range g.workspaces() {
		g.Fail(workspace, Ending)
	}
	return g.Drain(ctx)
}

// step replaces the state of the workspace's route, which is made when there is none, and retires the target that the
// new state no longer has.
func (g *Gateway) step(workspace string, next func(state) state) (previous *Target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.routes[workspace] != nil
	r := g.route(workspace)
	previous = g.replace(r, next(*r.state.Load()))
	if !known {
		g.publish() // after the state: nobody meets a route without one
	}
	return previous
}

// replace sets the route's state and returns the target that the new one no longer has. The caller holds mu.
func (g *Gateway) replace(r *route, next state) (previous *Target) {
	previous = r.set(next)
	g.replaced = slices.DeleteFunc(g.replaced, (*Target).isEmpty)
	if previous != nil && !previous.isEmpty() {
		g.replaced = append(g.replaced, previous)
	}
	return previous
}

// route returns the workspace's route and makes it when there is none. The caller holds mu.
func (g *Gateway) route(workspace string) *route {
	r := g.routes[workspace]
	if r == nil {
		r = newRoute(workspace)
		g.routes[workspace] = r
	}
	return r
}

// publish makes the table of hosts anew. The caller holds mu.
func (g *Gateway) publish() {
	hosts := make(map[string]*route, len(g.routes))
	for workspace, r := range g.routes {
		hosts[canonicalHost(g.Host(workspace))] = r
		for _, host := range r.hosts {
			hosts[host] = r
		}
	}
	g.hosts.Store(&hosts)
}

func (g *Gateway) workspaces() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.routes))
}
