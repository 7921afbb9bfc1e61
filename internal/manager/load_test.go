package manager_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// load is a number of clients that ask all the time.
type load struct {
	stop    context.CancelFunc
	clients sync.WaitGroup
	mu      sync.Mutex
	asked   int
	longest time.Duration
	wrong   []string
}

// startLoad starts clients that ask for the URL and expect the status, each over a new connection every time or, with
// keep, over one that is kept open. A host in front of the URL, with a space, is asked for in the place of the URL's.
func startLoad(t *testing.T, clients int, target string, status int, keep bool) *load {
	t.Helper()
	return startLoadOver(t, &http.Transport{DisableKeepAlives: !keep}, clients, target, status)
}

// startLoadOver is startLoad with a copy of the transport for each client.
func startLoadOver(t *testing.T, how *http.Transport, clients int, target string, status int) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	for range clients {
		transport := how.Clone()
		l.clients.Go(func() {
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: settleTime}
			for ctx.Err() == nil {
				l.ask(ctx, client, target, status)
			}
		})
	}
	return l
}

func (l *load) ask(ctx context.Context, client *http.Client, target string, status int) {
	begin := time.Now()
	host, url, found := strings.Cut(target, " ")
	if !found {
		host, url = "", target
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, url, http.NoBody)
	if err != nil {
		panic(err)
	}
	request.Host = host
	got := 0
	answer, err := client.Do(request)
	if err == nil {
		got = answer.StatusCode
		_, err = new(bytes.Buffer).ReadFrom(answer.Body)
		_ = answer.Body.Close()
	}
	l.note(time.Since(begin), got == status && err == nil, fmt.Sprintf("status %d, error %v", got, err))
	select {
	case <-time.After(5 * time.Millisecond): // the processor is not the clients' alone
	case <-ctx.Done():
	}
}

func (l *load) note(took time.Duration, right bool, outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	l.longest = max(l.longest, took)
	if !right {
		l.wrong = append(l.wrong, outcome)
	}
}

func (l *load) end(t *testing.T, what string) {
	t.Helper()
	l.stop()
	l.clients.Wait()
	if len(l.wrong) > 0 {
		t.Errorf("%s: %d of %d requests failed, the first: %s", what, len(l.wrong), l.asked, l.wrong[0])
	}
	t.Logf("figure: %s: %d of %d requests failed, longest %s", what, len(l.wrong), l.asked, l.longest.Round(time.Millisecond))
}
