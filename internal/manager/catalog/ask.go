package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswerBytes bounds what is taken of an answer. What orbitd's own clients read of one is larger.
const maxAnswerBytes = 16 << 20

// base is where Backstage's catalog is.
const base = "/api/catalog"

// question is a request to a catalog.
type question struct {
	method string
	// path is escaped and comes after base.
	path  string
	query url.Values
	// body is written as JSON; nil is none.
	body any
}

// ask asks the workspace's catalog and reads the answer into into, unless that is nil. Its errors are a *refusal, or an
// *orbit.Problem of code catalog_unavailable.
func (c *Catalogs) ask(ctx context.Context, workspace string, q question, into any) error {
	r, err := c.request(ctx, workspace, q)
	if err != nil {
		return err
	}
	a := &answer{header: http.Header{}}
	if broken := a.take(c.Gateway, r); broken {
		return c.unavailable(ctx, workspace, a.why())
	}
	if a.status/100 != 2 {
		return c.refused(ctx, workspace, a)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(a.body.Bytes(), into); err != nil {
		return c.unavailable(ctx, workspace, "its answer is not what a catalog says")
	}
	return nil
}

func (c *Catalogs) request(ctx context.Context, workspace string, q question) (*http.Request, error) {
	var body bytes.Buffer
	if q.body != nil {
		if err := json.NewEncoder(&body).Encode(q.body); err != nil {
			return nil, fmt.Errorf("write a request to the catalog of workspace %s: %w", workspace, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, q.method, "http://"+c.Host(workspace)+base+q.path, &body)
	if err != nil {
		return nil, fmt.Errorf("make a request to the catalog of workspace %s: %w", workspace, err)
	}
	r.URL.RawQuery = q.query.Encode()
	token, err := c.Sign(workspace)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "orbitd")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// answer is a response that is read whole.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	large  bool
}

var errTooLarge = errors.New("the answer is too large")

// take has the handler answer the request, and says whether the answer is not whole.
func (a *answer) take(handler http.Handler, r *http.Request) (broken bool) {
	defer func() {
		fault := recover()
		if fault != nil && fault != http.ErrAbortHandler { //nolint:errorlint // a panic's value
			panic(fault)
		}
		broken = fault != nil || a.large || a.status == 0 || r.Context().Err() != nil
	}()
	handler.ServeHTTP(a, r)
	return false
}

// why says what is wrong with an answer that is not whole.
func (a *answer) why() string {
	if a.large {
		return fmt.Sprintf("its answer is larger than %d MiB; ask for less at a time, or for fewer fields", maxAnswerBytes>>20)
	}
	return "it gave no whole answer in time"
}

// Header is the answer's.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader takes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

// Write takes a part of the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.body.Len()+len(p) > maxAnswerBytes {
		a.large = true
		return 0, errTooLarge
	}
	return a.body.Write(p)
}

// isProblem says whether the gateway answered, and not Backstage.
func (a *answer) isProblem() bool {
	return strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json")
}
