package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/runtimetest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]bool{"without network": false, "serving": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runtimetest.Run(t, func(t *testing.T) runtimetest.Site { return site(t, serve) })
		})
	}
}

func site(t *testing.T, serve bool) runtimetest.Site {
	rt := fake.New(fake.Options{Serve: serve, Boot: func(_, _ string, boot runtime.Boot) error {
		if string(boot.Document) == `{"broken":true}` {
			return errors.New("missing required config value")
		}
		return nil
	}})
	t.Cleanup(func() { _ = rt.Close() })
	document := func(s string) func(string) runtime.Boot {
		return func(string) runtime.Boot { return runtime.Boot{Config: runtime.Config{Document: []byte(s)}} }
	}
	rt.Inject(fake.Fault{Op: fake.OpPush, NoEffect: []string{"proxy.endpoints"}})
	return runtimetest.Site{
		Open:   func() runtime.Runtime { return rt },
		Close:  func(runtime.Runtime) {},
		Spec:   func(workspace, id string) runtime.Spec { return runtime.Spec{Workspace: workspace, ID: id} },
		Boot:   document(`{"app":{}}`),
		Change: func(string) runtime.Config { return runtime.Config{Document: []byte(`{"app":{"title":"new"}}`)} },
		Broken: document(`{"broken":true}`),
		Endless: func(workspace string) runtime.Boot {
			rt.Inject(fake.Fault{Op: fake.OpActivate, Workspace: workspace, Hang: true})
			return runtime.Boot{}
		},
		Unseen: []changeplan.Look{{Path: "proxy.endpoints", Kind: changeplan.LookRoute, Route: "/nowhere"}},
		Kill:   func(p runtime.Process) { rt.Kill(p.Handle().Workspace) },
		HTTP:   serve,
	}
}

func start(t *testing.T, rt *fake.Runtime, workspace, id string) runtime.Process {
	t.Helper()
	p, err := rt.Start(t.Context(), runtime.Spec{Workspace: workspace, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAServingProcessAnswersWithWhatItWasGiven(t *testing.T) {
	t.Parallel()
	rt := fake.New(fake.Options{Serve: true})
	defer rt.Close()
	p := start(t, rt, "acme", "p1")
	if err := p.Activate(t.Context(), runtime.Boot{Config: runtime.Config{Document: []byte(`{"a":1}`)}}); err != nil {
		t.Fatal(err)
	}
	first := ask(t, p)
	if err := p.Push(t.Context(), runtime.Config{Document: []byte(`{"a":2}`)}, nil); err != nil {
		t.Fatal(err)
	}
	second := ask(t, p)
	if first.Workspace != "acme" || first.ID != "p1" || string(first.Config) != `{"a":1}` {
		t.Errorf("first = %+v", first)
	}
	if second.PID != first.PID || string(second.Config) != `{"a":2}` || second.Digest == first.Digest {
		t.Errorf("first = %+v, second = %+v", first, second)
	}
}

func ask(t *testing.T, p runtime.Process) fake.State {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Address()+"/debug/config", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var state fake.State
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestFaultsStrikeTheirOperationSoManyTimes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	rt := fake.New(fake.Options{})
	p := start(t, rt, "acme", "p1")
	if err := p.Activate(t.Context(), runtime.Boot{}); err != nil {
		t.Fatal(err)
	}
	rt.Inject(fake.Fault{Op: fake.OpPush, Workspace: "acme", Times: 2, Err: broken})
	for i, want := range []error{broken, broken, nil} {
		if err := p.Push(t.Context(), runtime.Config{}, nil); !errors.Is(err, want) {
			t.Errorf("push %d = %v, want %v", i, err, want)
		}
	}
	rt.Inject(fake.Fault{Op: fake.OpStart, Workspace: "globex", Err: broken})
	start(t, rt, "acme", "p2")
	if _, err := rt.Start(t.Context(), runtime.Spec{Workspace: "globex", ID: "p1"}); !errors.Is(err, broken) {
		t.Errorf("Start = %v, want %v", err, broken)
	}
	rt.Clear()
	start(t, rt, "globex", "p1")
}

func TestAProcessDiesRightAfterItIsReady(t *testing.T) {
	t.Parallel()
	rt := fake.New(fake.Options{})
	rt.Inject(fake.Fault{Op: fake.OpActivate, Die: true})
	p := start(t, rt, "acme", "p1")
	if err := p.Activate(t.Context(), runtime.Boot{}); err != nil {
		t.Fatalf("Activate: %v", err)
	}
	<-p.Exited()
	if exit := p.Exit(); exit.Code != 1 || exit.Requested {
		t.Errorf("Exit = %+v", exit)
	}
}

func TestABootErrorIsGivenAsItIs(t *testing.T) {
	t.Parallel()
	want := &runtime.BootError{Code: orbit.CodeBootFailed, Plugin: "@acme/plugin", Message: "no token", LogTail: []string{"x"}}
	rt := fake.New(fake.Options{})
	rt.Inject(fake.Fault{Op: fake.OpActivate, Err: want})
	p := start(t, rt, "acme", "p1")
	var got *runtime.BootError
	if err := p.Activate(t.Context(), runtime.Boot{}); !errors.As(err, &got) {
		t.Fatalf("Activate = %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("BootError (-want +got):\n%s", diff)
	}
	<-p.Exited()
}

func TestAGateHoldsAnOperationInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := fake.New(fake.Options{})
		gate := make(chan struct{})
		rt.Inject(fake.Fault{Op: fake.OpActivate, Gate: gate})
		p := start(t, rt, "acme", "p1")
		done := make(chan error, 1)
		go func() { done <- p.Activate(t.Context(), runtime.Boot{}) }()
		synctest.Wait()
		if p.Address() != "" {
			t.Fatal("the process is ready before its gate opened")
		}
		close(gate)
		if err := <-done; err != nil || p.Address() == "" {
			t.Errorf("Activate = %v, Address = %q", err, p.Address())
		}
	})
}

func TestAProcessRefusesToStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := fake.New(fake.Options{})
		rt.Inject(fake.Fault{Op: fake.OpStop, Hang: true})
		p := start(t, rt, "acme", "p1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := p.Stop(ctx, time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop = %v", err)
		}
		select {
		case <-p.Exited():
			t.Error("the process that refuses to stop has ended")
		default:
		}
	})
}

func TestCallsAreRecordedInOrder(t *testing.T) {
	t.Parallel()
	rt := fake.New(fake.Options{})
	p := start(t, rt, "acme", "p1")
	_ = p.Activate(t.Context(), runtime.Boot{})
	_ = p.Push(t.Context(), runtime.Config{}, nil)
	_ = p.Stop(t.Context(), 0)
	_ = rt.Destroy(t.Context(), "acme")
	var got []string
	for _, c := range rt.Calls() {
		got = append(got, c.String())
	}
	want := []string{"start acme/p1", "activate acme/p1", "push acme/p1", "stop acme/p1", "destroy acme"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
