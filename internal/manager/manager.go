// Package manager is orbitd: it joins the parts and gives them a life.
package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/inventory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
)

const (
	// closeTimeout is how long requests may take to end when orbitd does.
	closeTimeout = 5 * time.Second
	// forgetEvery is how often old changes and events are removed.
	forgetEvery = time.Hour
	// tokenFile is the API token's file in the data directory.
	tokenFile = "token"
)

// Manager is one orbitd. Run, or Start and Close, may be called once.
type Manager struct {
	options Options
	core    *core
	gateway *gateway.Gateway
	super   *rollout.Supervisor
	lock    *os.File

	api, proxy net.Listener
	starting   starting
	servers    []*http.Server
	serving    sync.WaitGroup
	failed     chan error
	stopForget context.CancelFunc
}

// New checks the options.
func New(o Options) (*Manager, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Manager{options: o, failed: make(chan error, 2), stopForget: func() {}}, nil
}

// Run starts the manager and keeps it until ctx is done. Instances and the embedded PostgreSQL live on after it.
func (m *Manager) Run(ctx context.Context) error {
	if err := m.Start(ctx); err != nil {
		return errors.Join(err, m.Close())
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-m.failed:
	}
	m.options.Logger.Info("ending; instances and PostgreSQL run on", "stop_them_with", "orbitd stop --all")
	return errors.Join(err, m.Close())
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
	if m.lock, err = lock(o.DataDir); err != nil {
		return err
	}
	token, err := auth.LoadOrCreateToken(ctx, m.TokenFile())
	if err != nil {
		return err
	}
	if m.api, err = listen(ctx, "the API", "--listen", o.Listen); err != nil {
		return err
	}
	if m.proxy, err = listen(ctx, "the gateway", "--gateway-listen", o.GatewayListen); err != nil {
		return err
	}
	m.gateway = gateway.New(gateway.Options{Domain: o.GatewayDomain, Logger: o.Logger})
	m.serve(m.api, &http.Server{Handler: &m.starting, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute})
	m.serve(m.proxy, gateway.Server(m.gateway, o.Logger))
	o.Logger.Info("listening", "api", m.APIURL(), "gateway", m.GatewayAddress(), "token_file", m.TokenFile())

	if m.core, err = openCore(ctx, o, m.starting.doing); err != nil {
		return err
	}
	m.super = m.core.supervisor(m.gateway, m.URL, int64(goruntime.NumCPU()))
	if err := m.super.Start(ctx); err != nil {
		return err
	}
	m.starting.ready(httpapi.New(httpapi.Options{
		Writer: admission.New(m.core.admission(m.super)),
		Reader: &inventory.Inventory{
			Store: m.core.store, Supervisor: m.super, Runtime: m.core.runtime, Vault: m.core.vault, URL: m.URL, Carried: releases(),
		},
		Auth: auth.NewToken(token), Version: o.Version, Logger: o.Logger,
	}))
	m.forgetOld()
	o.Logger.Info("ready", "runtime", m.core.runtime.Name(), "data_dir", o.DataDir)
	return nil
}

// serve answers requests until Close; that it cannot any more ends Run.
func (m *Manager) serve(listener net.Listener, server *http.Server) {
	m.servers = append(m.servers, server)
	m.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			m.failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
	})
}

// forgetOld removes old changes and events now and then.
func (m *Manager) forgetOld() {
	ctx, cancel := context.WithCancel(context.Background())
	m.stopForget = cancel
	m.serving.Go(func() {
		ticker := time.NewTicker(forgetEvery)
		defer ticker.Stop()
		for {
			if err := m.core.store.Forget(ctx, time.Now()); err != nil && ctx.Err() == nil {
				m.options.Logger.Warn("old changes and events not removed", "error", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// Close ends the manager where it is. It is idempotent; what it did not finish the next one does.
func (m *Manager) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	m.stopForget()
	if m.gateway != nil {
		errs = append(errs, m.gateway.Close(ctx))
	}
	for _, server := range m.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}
	if m.super != nil {
		m.super.Close()
	}
	m.serving.Wait()
	for _, listener := range []net.Listener{m.api, m.proxy} {
		if listener != nil {
			_ = listener.Close() // a served one is closed already
		}
	}
	m.api, m.proxy = nil, nil
	if m.core != nil {
		errs = append(errs, m.core.close())
		m.core = nil
	}
	if m.lock != nil {
		errs = append(errs, m.lock.Close())
		m.lock = nil
	}
	return errors.Join(errs...)
}

// APIURL is the base of the API.
func (m *Manager) APIURL() string { return "http://" + m.api.Addr().String() }

// GatewayAddress is host:port of the gateway.
func (m *Manager) GatewayAddress() string { return m.proxy.Addr().String() }

// TokenFile is where the API token is.
func (m *Manager) TokenFile() string { return filepath.Join(m.options.DataDir, tokenFile) }

// URL is where people open a workspace's instance.
func (m *Manager) URL(workspace string) string {
	_, port, _ := net.SplitHostPort(m.GatewayAddress())
	return "http://" + net.JoinHostPort(m.gateway.Host(workspace), port)
}

// DatabaseURL is the URL of orbitd's own database, with its password.
func (m *Manager) DatabaseURL() string { return m.core.databaseURL }
