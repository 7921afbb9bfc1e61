package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
	// changeTimeout bounds the wait for a change to have its effect.
	changeTimeout = 2 * time.Minute
)

// site is a real orbitd with one real Backstage.
type site struct {
	orbitd   *workbench.Orbitd
	client   *orbit.Client
	gateway  string // host:port
	declared declared
	session  string // a guest's token
}

// site starts it, once in a run.
func (b *bench) site(ctx context.Context) (*site, error) {
	if b.running != nil {
		return b.running, nil
	}
	s, err := b.open(ctx, &workbench.Orbitd{
		DataDir: filepath.Join(b.dir, "data"), Flags: []string{"--run-dir", filepath.Join(b.dir, "run")},
	})
	if err == nil {
		b.running = s
	}
	return s, err
}

// open starts orbitd, of which the addresses and the program are still missing, with one Backstage.
func (b *bench) open(ctx context.Context, orbitd *workbench.Orbitd) (*site, error) {
	programs, err := b.installed(ctx)
	if err != nil {
		return nil, err
	}
	api, err := workbench.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &site{orbitd: orbitd}
	if s.gateway, err = workbench.FreeAddress(ctx); err != nil {
		return nil, err
	}
	orbitd.Binary, orbitd.Endpoint = programs.orbitd, "http://"+api
	orbitd.Flags = append(orbitd.Flags, "--gateway-listen", s.gateway, "--drain-timeout", "5s")
	b.atEnd(s.stop)
	b.say("starting orbitd with one Backstage")
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := s.orbitd.Ensure(ctx); err != nil {
		return nil, fmt.Errorf("start orbitd: %w", err)
	}
	if s.client, err = s.orbitd.Client(); err != nil {
		return nil, err
	}
	if err := writeCatalog(b.dir); err != nil {
		return nil, err
	}
	if err := s.declare(ctx, declared{origin: "http://localhost:3000", catalog: b.dir}); err != nil {
		return nil, err
	}
	return s, s.signIn(ctx)
}

func writeCatalog(dir string) error {
	err := os.WriteFile(filepath.Join(dir, "catalog.yaml"), []byte(catalogText), 0o644) // for the instance's user
	if err != nil {
		return fmt.Errorf("write the catalog: %w", err)
	}
	return nil
}

// name is where a browser finds the instance: host:port.
func (s *site) name() string {
	_, port, _ := strings.Cut(s.gateway, ":")
	return host + ":" + port
}

// declare writes the instance's document and returns when the change is applied.
func (s *site) declare(ctx context.Context, d declared) error {
	change, err := s.write(ctx, d)
	if err != nil {
		return err
	}
	if change, err = s.client.WaitChange(ctx, change.ID, nil); err != nil {
		return err
	}
	if change.State != orbit.ChangeApplied {
		return fmt.Errorf("the change is %s: %w", change.State, change.Problem)
	}
	return nil
}

// write writes the instance's document and returns when that is accepted.
func (s *site) write(ctx context.Context, d declared) (*orbit.Change, error) {
	on := orbit.IfAbsent()
	current, err := s.client.GetInstance(ctx, workspace)
	switch {
	case err == nil:
		on = orbit.IfMatch(current.ETag)
	case !orbit.IsNotFound(err):
		return nil, err
	}
	ui := !d.headless
	change, err := s.client.PutInstance(ctx, workspace, on, orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: backstage.Default().Version, Config: d.String(), MemoryLimitMiB: orbit.DefaultMemoryLimitMiB, UI: &ui,
	}})
	if err != nil {
		return nil, err
	}
	s.declared = d
	return change, nil
}

// withEndpoint is what is declared now and one endpoint more.
func (s *site) withEndpoint(path, target string) declared {
	d := s.declared
	d.endpoints = maps.Clone(d.endpoints)
	if d.endpoints == nil {
		d.endpoints = map[string]string{}
	}
	d.endpoints[path] = target
	return d
}

// withOrigin is what is declared now with another CORS origin.
func (s *site) withOrigin(origin string) declared {
	d := s.declared
	d.origin = origin
	return d
}

// signIn signs in as guest and waits for the catalog to have its component.
func (s *site) signIn(ctx context.Context) error {
	var refresh struct {
		BackstageIdentity struct{ Token string } `json:"backstageIdentity"`
	}
	got, err := s.get(ctx, "/api/auth/guest/refresh", "")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(got.body, &refresh); err != nil || refresh.BackstageIdentity.Token == "" {
		return fmt.Errorf("sign in as guest: %d: %s", got.status, got.body)
	}
	s.session = refresh.BackstageIdentity.Token
	return s.until(ctx, 20*time.Millisecond, component, "", answer.ok)
}

// answer is what the instance says to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status == http.StatusOK }

// get asks the instance through the gateway.
func (s *site) get(ctx context.Context, path, origin string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.gateway+path, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	r.Host = host
	if s.session != "" {
		r.Header.Set("Authorization", "Bearer "+s.session)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// until asks for the path, with a pause between, until the answer is right. One that fails is asked for again.
func (s *site) until(ctx context.Context, pause time.Duration, path, origin string, right func(answer) bool) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		got, err := s.get(ctx, path, origin)
		if err == nil && right(got) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the right answer to %s: %w", path, ctx.Err())
		}
	}
}

func (s *site) status(ctx context.Context) (orbit.InstanceStatus, error) {
	i, err := s.client.GetInstance(ctx, workspace)
	if err != nil {
		return orbit.InstanceStatus{}, err
	}
	return i.Status, nil
}

func (s *site) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if _, err := os.Stat(s.orbitd.DataDir); err != nil {
		return nil // it was never started
	}
	_, err := s.orbitd.Stop(ctx, true)
	return err
}
