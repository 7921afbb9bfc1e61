package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
)

const (
	// prepareTimeout is how long a successor may install packages while this orbitd still does everything.
	prepareTimeout = 15 * time.Minute
	// readyTimeout is how long it may take to serve once this orbitd has let go of the instances.
	readyTimeout = 2 * time.Minute
	// settleTimeout is how long requests to the API may take to end before the store is closed under them.
	settleTimeout = 10 * time.Second
)

// Handover is how a restart ended.
type Handover struct {
	// From is the pid of the orbitd that was asked, and To that of its successor, 0 when there is none.
	From int `json:"from"`
	To   int `json:"to,omitempty"`
	// Waited is how long requests to the API waited at most; those to instances did not.
	Waited time.Duration `json:"waited,omitempty"`
	// Error says why From serves on.
	Error string `json:"error,omitempty"`
}

// handOver puts a successor in this orbitd's place and says whether it is there. When it is not, this orbitd serves as
// before; the error says that it cannot.
//
// The gateway answers all the time: its routes stay what they are until the successor, which has the same sockets, has
// adopted the instances. Requests to the API wait while neither has the store.
func (m *Manager) handOver(ctx context.Context) (bool, error) {
	log := m.options.Logger
	log.InfoContext(ctx, "handing over to a successor")
	s, err := startSuccessor(m.options, m.sockets(), m.lock)
	if err != nil {
		m.serveOn(ctx, err)
		return false, nil
	}
	if err := s.await(ctx, wordPrepared, prepareTimeout); err != nil {
		s.end()
		m.serveOn(ctx, err)
		return false, nil
	}
	begin := time.Now()
	workspaces, err := m.core.workspaces(ctx)
	if err != nil {
		s.end()
		m.serveOn(ctx, err)
		return false, nil
	}
	m.letGo(ctx)
	if err = s.send(wordGo); err == nil {
		err = s.await(ctx, wordReady, readyTimeout)
	}
	if err != nil {
		s.end()
		if ctx.Err() != nil {
			return false, nil //nolint:nilerr // told to end; so was the successor
		}
		if err := errors.Join(writePID(m.lock), m.open(ctx)); err != nil {
			return false, fmt.Errorf("serve on after a successor failed: %w", err)
		}
		m.serveOn(ctx, err)
		return false, nil
	}
	s.close()
	m.record(Handover{From: os.Getpid(), To: s.pid(), Waited: time.Since(begin)})
	m.notify("MAINPID=" + strconv.Itoa(s.pid()))
	log.InfoContext(ctx, "handed over", "successor", s.pid(), "waited", time.Since(begin))
	return true, m.retire(ctx, workspaces)
}

// serveOn tells that the restart failed and nothing changed.
func (m *Manager) serveOn(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	m.options.Logger.ErrorContext(ctx, "not restarted; serving on", "error", err)
	m.record(Handover{From: os.Getpid(), Error: err.Error()})
}

// retire finishes what this orbitd still has after a successor took its place. What comes over connections that are
// open, and what the gateway holds, is passed on to the successor. Streams and WebSockets cannot be: they are told to go
// at once, and their clients come back to the successor.
func (m *Manager) retire(ctx context.Context, workspaces []string) error {
	m.stopListening()
	err := m.lock.Close() // the successor has it too, and holds it now alone
	m.lock = nil
	behind := sideDoor(m.options.RunDir, gatewaySocket)
	m.apiDoor.open(passOn(sideDoor(m.options.RunDir, apiSocket), tellSender))
	m.proxyDoor.open(m.gateway.Receive(passOn(behind, tellWay)))
	m.passedDoor.open(passOn(behind, tellWay))

	patience := m.options.DrainTimeout
	if patience == 0 {
		patience = rollout.DefaultDrainTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, workspace := range workspaces {
		m.gateway.Switch(workspace, behind)
	}
	m.gateway.ExchangeTokens(nil) // the successor decides about access tokens: it knows which were revoked since
	var drain sync.WaitGroup
	drain.Go(func() {
		if err := m.gateway.Drain(ctx); err != nil {
			m.options.Logger.WarnContext(ctx, "requests cut at the end of the restart", "error", err)
		}
	})
	timer := time.NewTimer(lingering)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	drain.Wait()
	for _, server := range m.servers {
		_ = server.end(ctx) // their time is over
	}
	m.servers = nil
	return err
}

// handoverFile is where an orbitd writes how the last restart ended.
const handoverFile = "orbitd.restart"

// record writes how the restart ended for the one who asked for it.
func (m *Manager) record(h Handover) {
	path := filepath.Join(m.options.DataDir, handoverFile)
	content, err := json.Marshal(h)
	if err == nil {
		err = os.WriteFile(path+".new", content, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		m.options.Logger.Warn("how the restart ended could not be written", "error", err)
	}
}
