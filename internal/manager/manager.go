// Package manager is orbitd: it joins the parts and gives them a life.
package manager

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/access"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/apitoken"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth/issuer"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/catalog"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/inventory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/operator"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
)

const (
	// closeTimeout is how long requests may take to end when orbitd does.
	closeTimeout = 5 * time.Second
	// forgetEvery is how often old changes, events, clones and schemas are removed.
	forgetEvery = time.Hour
)

// lingering is how long connections that clients keep open are served after a successor took over: with its next answer
// each is told to close, and only those that nobody uses are closed without a word.
const lingering = 2 * time.Second

// maxServers is how many may fail.
const maxServers = 5

// Manager is one orbitd. Run, or Start and Close, may be called once.
type Manager struct {
	options Options
	lock    *os.File

	// What it listens with. It outlives what is below when a restart fails.
	api, proxy         net.Listener
	side, passed       net.Listener           // what the orbitd before passes on to both comes here; nil when there was none
	cert               *certificate.Source    // the API's; nil without TLS
	plain              net.Listener           // of the gateway, for browsers that are to come with TLS; nil when there is none
	gatewayCert        *certificate.Source    // nil without
	automatic          *certificate.Automatic // nil without a CA for the gateway
	apiDoor, proxyDoor *door
	passedDoor         *door
	gateway            *gateway.Gateway
	servers            []*server
	serving            sync.WaitGroup
	failed             chan error

	// Who may use the API.
	token   string
	issuers auth.Authenticator // nil without a sign-in file

	// What holds the store, and the instances through it.
	core       *core
	super      *rollout.Supervisor
	stopWork   context.CancelFunc // ends waits for changes and the forgetting of old ones
	background sync.WaitGroup
}

// New checks the options.
func New(o Options) (*Manager, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Manager{
		options: o, apiDoor: newDoor(answerProgram), proxyDoor: newDoor(gateway.AnswerStarting), passedDoor: newDoor(gateway.AnswerStarting),
		failed: make(chan error, maxServers), stopWork: func() {},
	}, nil
}

// Run starts the manager and keeps it until ctx is done, or until a successor has taken its place. Instances and the
// embedded PostgreSQL live on after it.
func (m *Manager) Run(ctx context.Context) error {
	err := m.Start(ctx)
	if err != nil {
		m.options.Inherited.fail(err)
	}
	for err == nil {
		select {
		case <-ctx.Done():
			m.options.Logger.Info("ending; instances and PostgreSQL run on", "stop_them_with", "orbitd stop --all")
			return m.Close() //nolint:contextcheck // ctx has ended
		case err = <-m.failed:
		case <-m.options.Restart:
			var gone bool
			if gone, err = m.handOver(ctx); gone {
				return errors.Join(err, m.Close()) //nolint:contextcheck // also after ctx has ended
			}
		}
	}
	return errors.Join(err, m.Close()) //nolint:contextcheck // also after ctx has ended
}

// Start binds the addresses first, so that a taken port is known at once, then installs and starts what is missing,
// adopts what runs, and returns when the API serves. After an error the caller still has to Close.
func (m *Manager) Start(ctx context.Context) (err error) {
	o := m.options
	for _, dir := range []string{o.DataDir, o.RunDir} {
		if err := makeDir(dir); err != nil {
			return err
		}
	}
	if err := m.takeLock(); err != nil {
		return err
	}
	if m.token, err = auth.LoadOrCreateToken(ctx, m.TokenFile()); err != nil {
		return err
	}
	if o.SignInFile != "" {
		if m.issuers, err = issuer.Load(o.SignInFile, o.Logger); err != nil {
			return err
		}
	}
	if err := m.listen(ctx); err != nil {
		return err
	}
	m.gateway = gateway.New(m.gatewayOptions())
	if before := o.Inherited.before(); before != nil {
		err = m.takeOver(ctx, before)
	} else {
		m.serve() //nolint:contextcheck // connections last longer than the start
		err = m.open(ctx)
	}
	if err != nil {
		return err
	}
	o.Logger.Info("ready", "runtime", m.core.runtime.Name(), "data_dir", o.DataDir)
	m.notify("READY=1")
	return nil
}

// open opens the store, adopts what runs and opens the doors. letGo undoes it.
func (m *Manager) open(ctx context.Context) (err error) {
	o := m.options
	if m.core, err = openCore(ctx, o, true, m.doing); err != nil {
		return err
	}
	accessTokens, err := access.Open(ctx, m.core.store, m.core.vault, m.URL)
	if err != nil {
		return err
	}
	m.core.site = m.site
	m.gateway.ExchangeTokens(accessTokens.Exchange)
	m.super = m.core.supervisor(m.gateway, m.URL, accessTokens, int64(goruntime.GOMAXPROCS(0)))
	if err := m.super.Start(ctx); err != nil {
		return err
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	m.stopWork = cancel
	super := m.super
	m.background.Go(func() { m.forgetOld(work, super) })
	if o.Runtime == nil {
		packages := m.core.packages
		m.background.Go(func() { m.buildApp(work, packages) })
	}
	m.background.Go(func() { m.tellGuests(work) })
	keeper := m.core.keeper()
	m.background.Go(func() { keeper.run(work) })
	apiTokens := apitoken.New(m.core.store)
	m.background.Go(func() {
		apiTokens.Run(work, func(err error) { o.Logger.Warn("not noted when tokens were last used", "error", err) })
	})
	m.passedDoor.open(http.HandlerFunc(m.gateway.ServePassed))
	m.proxyDoor.open(m.gateway) // after the supervisor's start: every workspace has a route
	reader := &inventory.Inventory{
		Store: m.core.store, Supervisor: m.super, Runtime: m.core.runtime, Vault: m.core.vault, Vetting: m.core.vetting(),
		Databases: m.core.cluster, URL: m.URL, Carried: releases(), Packages: m.core.registry(),
	}
	authenticators := m.authenticators(apiTokens)
	api := httpapi.New(httpapi.Options{ //nolint:contextcheck // requests bring theirs
		Writer: admission.New(m.core.admission(m.super)),
		Reader: endingReader{ending: work, Reader: reader},
		Tokens: apiTokens, Audit: m.core.store, Auth: authenticators, Logger: o.Logger,
		Access: accessTokens,
		Catalog: catalog.New(catalog.Options{
			Store: m.core.store, Gateway: m.gateway, Host: m.gateway.Host, Sign: accessTokens.Sign, Masker: reader.Masker, Ending: work,
		}),
	})
	m.apiDoor.open(operator.New(operator.Options{
		Reader: httpapi.Own(reader), History: m.core.store, Vault: m.core.vault, Auth: authenticators, API: api,
		Happened: super.Happened, Ending: work, TLS: m.cert != nil, Version: o.Version, Logger: o.Logger,
	}))
	return nil
}

// authenticators know who may sign in, in the order in which they are asked.
func (m *Manager) authenticators(tokens auth.Authenticator) auth.Chain {
	chain := auth.Chain{auth.NewRoot(m.token), tokens}
	if m.issuers != nil {
		chain = append(chain, m.issuers)
	}
	return chain
}

// doing tells those who wait what orbitd does.
func (m *Manager) doing(what string) {
	m.apiDoor.doing(what)
	m.proxyDoor.doing(what)
}

// letGo leaves the store and the instances to another orbitd. The gateway goes on with the routes it has; requests to
// the API wait at the door.
func (m *Manager) letGo(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	m.stopWork()
	if err := m.apiDoor.shut(ctx); err != nil {
		m.options.Logger.WarnContext(ctx, "requests to the API cut", "error", err)
	}
	if err := m.closeCore(); err != nil {
		m.options.Logger.WarnContext(ctx, "not all closed", "error", err)
	}
}

// closeCore closes what open opened, the doors aside. It is idempotent.
func (m *Manager) closeCore() error {
	m.stopWork()
	if m.super != nil {
		m.super.Close()
		m.super = nil
	}
	m.background.Wait()
	if m.core == nil {
		return nil
	}
	err := m.core.close()
	m.core = nil
	return err
}

// forgetOld removes old changes, events, clones and schemas now and then, until ctx is done.
func (m *Manager) forgetOld(ctx context.Context, super *rollout.Supervisor) {
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		if err := m.core.store.Forget(ctx, time.Now()); err != nil && ctx.Err() == nil {
			m.options.Logger.Warn("old changes and events not removed", "error", err)
		}
		if err := super.DropExpired(ctx, time.Now()); err != nil && ctx.Err() == nil {
			m.options.Logger.Warn("old clones and schemas not dropped", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the manager where it is. It is idempotent; what it did not finish the next one does.
func (m *Manager) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	m.stopListening()
	m.stopWork()
	m.apiDoor.end()
	m.proxyDoor.end()
	m.passedDoor.end()
	if m.gateway != nil {
		errs = append(errs, m.gateway.Close(ctx))
	}
	m.serving.Wait()
	for _, server := range m.servers {
		errs = append(errs, server.end(ctx))
	}
	errs = append(errs, m.closeCore())
	if m.lock != nil {
		errs = append(errs, m.lock.Close())
		m.lock = nil
	}
	return errors.Join(errs...)
}

// APIURL is the base of the API.
func (m *Manager) APIURL() string { return baseURL(m.api.Addr(), m.cert) }

// GatewayAddress is host:port of the gateway.
func (m *Manager) GatewayAddress() string { return m.proxy.Addr().String() }

// TokenFile is where the API token is.
func (m *Manager) TokenFile() string { return TokenFile(m.options.DataDir) }

// URL is where people open a workspace's instance that has the base URL; "" is none.
func (m *Manager) URL(workspace, baseURL string) string {
	return m.options.public(m.proxy.Addr()).url(workspace, baseURL)
}

// DatabaseURL is the URL of orbitd's own database, with its password.
func (m *Manager) DatabaseURL() string { return m.core.databaseURL }
