package orbit_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

var quiet = log.New(io.Discard, "", 0)

// carrier is an HTTP client over a function, so that no network is needed.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func answered(status int, body string) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	recorder.WriteHeader(status)
	recorder.Body.WriteString(body)
	return recorder.Result(), nil
}

func TestACallHasOneRequestIDHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // a connection that is cut orders nothing
	var ids []string
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, r.Header.Get("X-Request-Id"))
		panic(http.ErrAbortHandler)
	})
	for range 2 {
		_, err := client.GetInstance(t.Context(), "acme")
		mu.Lock()
		sent := slices.Clone(ids)
		mu.Unlock()
		var lost *orbit.ConnectionError
		if !errors.As(err, &lost) || lost.RequestID == "" || lost.RequestID != sent[len(sent)-1] || !strings.Contains(err.Error(), lost.RequestID) {
			t.Errorf("error %v does not name the request %v", err, sent)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if distinct := slices.Compact(slices.Clone(ids)); len(ids) != 2*(1+orbit.DefaultRetryMax) || len(distinct) != 2 {
		t.Errorf("request ids = %v, want one for each call", ids)
	}
}

func TestAnAnswerWithoutARequestIDHasTheClients(t *testing.T) {
	t.Parallel()
	var sent string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("X-Request-Id")
		w.WriteHeader(http.StatusForbidden)
	})
	_, err := client.GetInstance(t.Context(), "acme")
	var problem *orbit.Problem
	if !errors.As(err, &problem) || problem.RequestID == "" || problem.RequestID != sent {
		t.Errorf("problem = %+v, want request id %s", problem, sent)
	}
}

func TestOnlySoManyRequestsAreUnderWayAndWaitsDoNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		client := dial(t, orbit.ClientOptions{MaxConcurrency: 2, HTTPClient: &http.Client{Transport: carrier(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("wait") {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return answered(http.StatusOK, "{}")
		})}})
		ctx, cancel := context.WithCancel(t.Context())
		var waits, reads sync.WaitGroup
		for range 5 {
			waits.Go(func() { _, _ = client.WaitChange(ctx, "c1", nil) })
		}
		started := time.Now()
		for range 6 {
			reads.Go(func() {
				// A turn comes after up to 2 s, and the call has its own second nevertheless.
				if _, err := client.GetInstance(orbit.WithCallTimeout(t.Context(), 1500*time.Millisecond), "acme"); err != nil {
					t.Error(err)
				}
			})
		}
		reads.Wait()
		if took := time.Since(started); most != 2 || took != 3*time.Second {
			t.Errorf("%d requests at a time took %s, want 2 and 3 s", most, took)
		}
		cancel()
		waits.Wait()
	})
}

func TestWhoWaitsForATurnCanGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		client := dial(t, orbit.ClientOptions{MaxConcurrency: 1, HTTPClient: &http.Client{Transport: carrier(func(*http.Request) (*http.Response, error) {
			<-release
			return answered(http.StatusOK, "{}")
		})}})
		var first sync.WaitGroup
		first.Go(func() { _, _ = client.GetInstance(t.Context(), "acme") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.GetInstance(ctx, "acme"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		close(release)
		first.Wait()
	})
}

func TestACallIsOverAfterItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := dial(t, orbit.ClientOptions{HTTPClient: &http.Client{Transport: carrier(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}})
		_, err := client.GetInstance(orbit.WithCallTimeout(t.Context(), 10*time.Second), "acme")
		if !orbit.IsUnreachable(err) || !strings.Contains(err.Error(), "no answer within 10s") {
			t.Errorf("error = %v", err)
		}
	})
}

func TestWhoeverCaresIsToldOfEveryWriteBeforeItIsSent(t *testing.T) {
	t.Parallel()
	var told []string
	client := dial(t, orbit.ClientOptions{
		RetryMax: -1, OnWrite: func(workspace string) { told = append(told, workspace) },
		HTTPClient: &http.Client{Transport: carrier(func(r *http.Request) (*http.Response, error) {
			told = append(told, r.Method)
			return nil, errors.New("lost")
		})},
	})
	ctx := t.Context()
	_, _ = client.PutInstance(ctx, "a", orbit.IfAbsent(), orbit.InstanceWrite{})
	_, _ = client.DeleteInstance(ctx, "b", orbit.Precondition{})
	_, _ = client.RestartInstance(ctx, "c", orbit.RestartRequest{})
	_, _ = client.PutPlugin(ctx, "d", "p", orbit.IfAbsent(), orbit.PluginWrite{})
	_, _ = client.DeletePlugin(ctx, "e", "p", orbit.Precondition{})
	_, _ = client.Plan(ctx, "f", orbit.PlanRequest{})
	_, _ = client.GetInstance(ctx, "g")
	expected := []string{"a", "PUT", "b", "DELETE", "c", "POST", "d", "PUT", "e", "DELETE", "POST", "GET"}
	if diff := cmp.Diff(expected, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Go reads the variables of proxies once in a process, and never goes through one to this machine: the client that is
// tested is that of a process of its own, with an endpoint elsewhere.
func TestTheProxyOfTheEnvironmentIsUsed(t *testing.T) {
	t.Parallel()
	if os.Getenv("ORBIT_TEST_THROUGH_PROXY") != "" {
		instance, err := dial(t, orbit.ClientOptions{Endpoint: "http://orbitd.test:7070", RetryMax: -1}).GetInstance(t.Context(), "acme")
		if err != nil || instance.Workspace != "acme" {
			t.Fatalf("instance = %+v, %v", instance, err)
		}
		return
	}
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		answer(w, http.StatusOK, orbit.Instance{Workspace: "acme"})
	}))
	t.Cleanup(proxy.Close)
	through := func(variables ...string) error {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheProxyOfTheEnvironmentIsUsed$")
		command.Env = append(os.Environ(), append(variables, "ORBIT_TEST_THROUGH_PROXY=1")...)
		return command.Run()
	}
	if err := through("HTTP_PROXY="+proxy.URL, "NO_PROXY="); err != nil {
		t.Error(err)
	}
	if err := through("HTTP_PROXY="+proxy.URL, "NO_PROXY=orbitd.test"); err == nil {
		t.Error("NO_PROXY is not obeyed")
	}
	proxy.Close() // what it noted is all there then
	if diff := cmp.Diff([]string{"http://orbitd.test:7070/v1/instances/acme"}, asked); diff != "" {
		t.Errorf("the proxy was asked (-want +got):\n%s", diff)
	}
}
