package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	loadClients = 50
	loadEvery   = 10 * time.Millisecond // 100 requests a second
	loadQueue   = 1 << 16               // more than any run sends
	loadTimeout = 30 * time.Second
)

// load is an open loop: requests are due at fixed times, however long the answers take, and a request's wait begins
// when it is due. What a closed loop would hide, because its clients wait too, is seen.
type load struct {
	session string
	client  *http.Client
	address string
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu     sync.Mutex
	result outcome
}

// outcome is what a load met.
type outcome struct {
	waits    sample // of the requests that were answered well
	failures int
	first    string // what the first failure was
	down     time.Duration
	downFrom time.Time
}

// begin starts the load, which lasts until end.
func (s *site) begin(ctx context.Context) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{
		session: s.session, address: s.gateway, cancel: cancel,
		client: &http.Client{Timeout: loadTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: loadClients}},
	}
	due := make(chan time.Time, loadQueue)
	l.work.Go(func() {
		defer close(due)
		for next := time.Now(); ; next = next.Add(loadEvery) {
			timer := time.NewTimer(time.Until(next))
			select {
			case <-timer.C:
				due <- next
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	})
	for range loadClients {
		l.work.Go(func() {
			for at := range due { // those that are due at the end are sent too: their waits count
				l.send(at)
			}
		})
	}
	return l
}

// end stops sending, waits for the answers and says what there was.
func (l *load) end() outcome {
	l.cancel()
	l.work.Wait()
	l.client.CloseIdleConnections()
	return l.result
}

func (l *load) send(due time.Time) {
	err := l.ask()
	wait := time.Since(due)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.result.waits = append(l.result.waits, wait)
		return
	}
	if l.result.failures == 0 {
		l.result.first, l.result.downFrom = err.Error(), due
	}
	l.result.failures++
	l.result.down = max(l.result.down, due.Sub(l.result.downFrom))
}

func (l *load) ask() error {
	r, err := http.NewRequest(http.MethodGet, "http://"+l.address+component, http.NoBody) //nolint:noctx // its client has a timeout
	if err != nil {
		return err
	}
	r.Host = host
	r.Header.Set("Authorization", "Bearer "+l.session)
	answer, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return err
}

// longest is how long somebody waited at most for a good answer: over a time without one, whoever asks again.
func (o outcome) longest() time.Duration { return max(o.waits.at(1), o.down) }
