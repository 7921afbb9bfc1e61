package orbit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	// callTimeout bounds a call with all its retries, on top of what it asks the server to wait.
	callTimeout = 45 * time.Second
	// maxAnswerBytes bounds what is read of an answer.
	maxAnswerBytes = 32 << 20
)

type timeoutKey struct{}

// WithCallTimeout bounds every call under the context that it returns, with all its retries and on top of what the call
// asks orbitd to wait. Other than with a deadline, the time in which a call waits for its turn does not count.
func WithCallTimeout(ctx context.Context, timeout time.Duration) context.Context {
	return context.WithValue(ctx, timeoutKey{}, timeout)
}

func timeoutFrom(ctx context.Context) time.Duration {
	if timeout, ok := ctx.Value(timeoutKey{}).(time.Duration); ok {
		return timeout
	}
	return callTimeout
}

// call is one request to the API.
type call struct {
	// id names the call in both programs' logs and in every error.
	id     string
	method string
	// path is escaped already and starts with /v1.
	path   string
	query  url.Values
	header http.Header
	body   any
	// writes is the workspace whose instance or plugins the call may change; "" for none.
	writes string
	// repeatable says that the request may be sent again when it is unknown whether the first one was carried out.
	repeatable bool
	// wait is how long the server may hold the request before it answers.
	wait time.Duration
}

// do carries a call out and decodes its answer into answer.
func (c *Client) do(ctx context.Context, call call, answer any) error {
	call.id = newRequestID()
	leave, err := c.turn(ctx, call)
	if err != nil {
		return err
	}
	defer leave()
	if call.writes != "" {
		c.onWrite(call.writes)
	}
	bounded, cancel := context.WithTimeout(withRepeatable(ctx, call.repeatable), timeoutFrom(ctx)+call.wait)
	defer cancel()
	request, err := c.request(bounded, call)
	if err != nil {
		return err
	}
	started := time.Now()
	fields := []any{"method", call.method, "path", call.path, "request_id", call.id}
	response, body, err := c.exchange(request) //nolint:bodyclose // exchange has read and closed it
	fields = append(fields, "took", time.Since(started).String())
	if err != nil {
		err = c.connectionError(ctx, call, err)
		c.logger.DebugContext(ctx, "orbitd did not answer", append(fields, "error", err.Error())...)
		return err
	}
	err = c.decode(response, call, body, answer)
	c.logger.DebugContext(ctx, "orbitd answered", append(append(fields, "status", response.StatusCode), tellingFields(answer, err)...)...)
	return err
}

// turn waits until the call may be sent; leave lets the next one go ahead. A call that has orbitd wait needs no turn.
func (c *Client) turn(ctx context.Context, call call) (leave func(), err error) {
	if call.wait > 0 {
		return func() {}, nil
	}
	select {
	case c.turns <- struct{}{}:
		return func() { <-c.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("ask orbitd at %s: %w", c.endpoint, ctx.Err())
	}
}

// exchange sends the request and reads the whole answer.
func (c *Client) exchange(request *retryablehttp.Request) (*http.Response, []byte, error) {
	response, err := c.http.Do(request)
	if response != nil {
		defer func() { _ = response.Body.Close() }()
	}
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // told by connectionError
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	return response, body, err //nolint:wrapcheck // told by connectionError
}

// tellingFields are what a log line says of an answer beside its status.
func tellingFields(answer any, err error) []any {
	var problem *Problem
	change, isChange := answer.(*Change)
	switch {
	case errors.As(err, &problem):
		return []any{"code", string(problem.Code)}
	case err == nil && isChange:
		return []any{"workspace", change.Workspace, "change", change.ID, "state", string(change.State), "progress", change.Progress}
	default:
		return nil
	}
}

// newRequestID sorts by time, as those that orbitd makes.
func newRequestID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return "" // orbitd makes one
	}
	return id.String()
}

func (c *Client) request(ctx context.Context, call call) (*retryablehttp.Request, error) {
	target := c.endpoint + call.path
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	var body any
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return nil, fmt.Errorf("encode the body of %s %s: %w", call.method, call.path, err)
		}
		body = encoded
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, call.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("build %s %s: %w", call.method, call.path, err)
	}
	for name, values := range call.header {
		request.Header[name] = values
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", c.userAgent)
	if call.id != "" {
		request.Header.Set(requestIDHeader, call.id)
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the token for %s: %w", c.endpoint, err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// segment escapes one segment of a path: a package's scope and slash stay inside it.
func segment(text string) string {
	return strings.ReplaceAll(url.PathEscape(text), "@", "%40")
}
