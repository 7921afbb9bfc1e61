package orbit

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Precondition says on which state of the object a write is made. The zero value is refused by the API for a PUT and
// means "whatever is there" for a DELETE.
type Precondition struct {
	// Create lets the write go ahead only when the object does not exist.
	Create bool
	// ETag lets the write go ahead only while the object has this ETag, as Instance and Plugin carry it.
	ETag string
}

// IfAbsent makes a write that creates.
func IfAbsent() Precondition { return Precondition{Create: true} }

// IfMatch makes a write that changes the object which has this ETag.
func IfMatch(etag string) Precondition { return Precondition{ETag: etag} }

func (p Precondition) header() http.Header {
	header := http.Header{}
	if p.Create {
		header.Set("If-None-Match", "*")
		header.Set("Idempotency-Key", uuid.NewString())
	}
	if p.ETag != "" {
		header.Set("If-Match", strconv.Quote(strings.Trim(p.ETag, `"`)))
	}
	return header
}

// PageOptions selects a part of a list.
type PageOptions struct {
	// Limit is how many items a page may have; 0 leaves it to orbitd.
	Limit int
	// Cursor is the Next of the page before; empty is the first page.
	Cursor string
}

func (o PageOptions) query() url.Values {
	query := url.Values{}
	if o.Limit > 0 {
		query.Set("limit", strconv.Itoa(o.Limit))
	}
	if o.Cursor != "" {
		query.Set("cursor", o.Cursor)
	}
	return query
}

func instancePath(workspace string) string { return "/v1/instances/" + segment(workspace) }

// PutInstance declares a workspace's instance and returns the accepted change; WaitChange tells its fate. A creating
// write carries an Idempotency-Key of its own, so repeating it after a broken connection is safe; a changing one is
// repeated only when the first one was not carried out.
func (c *Client) PutInstance(ctx context.Context, workspace string, on Precondition, write InstanceWrite) (*Change, error) {
	return c.write(ctx, call{
		method: http.MethodPut, path: instancePath(workspace), header: on.header(), body: write, writes: workspace, repeatable: on.Create,
	})
}

// GetInstance reads a workspace's instance. Its ETag field is what IfMatch takes.
func (c *Client) GetInstance(ctx context.Context, workspace string) (*Instance, error) {
	return c.getInstance(ctx, workspace, nil)
}

// GetInstanceWithPlugins reads a workspace's instance with AllPlugins, in one request.
func (c *Client) GetInstanceWithPlugins(ctx context.Context, workspace string) (*Instance, error) {
	return c.getInstance(ctx, workspace, url.Values{"include": {"plugins"}})
}

func (c *Client) getInstance(ctx context.Context, workspace string, query url.Values) (*Instance, error) {
	var instance Instance
	err := c.do(ctx, call{method: http.MethodGet, path: instancePath(workspace), query: query, repeatable: true}, &instance)
	if err != nil {
		return nil, err
	}
	return &instance, nil
}

// DeleteInstance deletes a workspace's instance and its database. IsNotFound on the error means that it is gone.
func (c *Client) DeleteInstance(ctx context.Context, workspace string, on Precondition) (*Change, error) {
	return c.write(ctx, call{
		method: http.MethodDelete, path: instancePath(workspace), header: on.header(), writes: workspace, repeatable: true,
	})
}

// RestartInstance replaces the instance's process, with what is stored and waits for a restart, whatever its restart
// policy. WaitChange tells the change's fate.
func (c *Client) RestartInstance(ctx context.Context, workspace string, request RestartRequest) (*Change, error) {
	return c.write(ctx, call{
		method: http.MethodPost, path: instancePath(workspace) + "/restart", body: request, writes: workspace, repeatable: true,
		header: http.Header{"Idempotency-Key": {uuid.NewString()}},
	})
}

// InstanceQuery selects instances. The zero value is all.
type InstanceQuery struct {
	// Labels are those that an instance has to have, with these values.
	Labels map[string]string
	// Phase is the phase that it has to be in.
	Phase Phase
	PageOptions
}

// Selects says whether the instance has the query's labels and is in its phase.
func (q InstanceQuery) Selects(instance *Instance) bool {
	for name, value := range q.Labels {
		if has, labelled := instance.Labels[name]; !labelled || has != value {
			return false
		}
	}
	return q.Phase == "" || q.Phase == instance.Status.Phase
}

func (q InstanceQuery) values() url.Values {
	values := q.query()
	for name, value := range q.Labels {
		values.Add("label", name+"="+value)
	}
	if q.Phase != "" {
		values.Set("phase", string(q.Phase))
	}
	return values
}

// ListInstances returns one page of the instances that the query selects, by workspace.
func (c *Client) ListInstances(ctx context.Context, query InstanceQuery) (*Page[Instance], error) {
	var page Page[Instance]
	err := c.do(ctx, call{
		method: http.MethodGet, path: "/v1/instances", query: query.values(), repeatable: true,
	}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// Plan asks what a write would cost and what is wrong with it. It changes nothing, and the workspace need not exist.
func (c *Client) Plan(ctx context.Context, workspace string, request PlanRequest) (*PlanResult, error) {
	var result PlanResult
	err := c.do(ctx, call{
		method: http.MethodPost, path: instancePath(workspace) + "/plan", body: request, repeatable: true,
	}, &result)
	if err != nil {
		return nil, err
	}
	return &result, nil
}

// ListEvents returns one page of what happened to an instance.
func (c *Client) ListEvents(ctx context.Context, workspace string, options PageOptions) (*Page[Event], error) {
	var page Page[Event]
	err := c.do(ctx, call{
		method: http.MethodGet, path: instancePath(workspace) + "/events", query: options.query(), repeatable: true,
	}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// GetLogs returns the newest lines of an instance's log, secrets masked; lines 0 leaves their number to orbitd.
func (c *Client) GetLogs(ctx context.Context, workspace string, lines int) (*Logs, error) {
	query := url.Values{}
	if lines > 0 {
		query.Set("lines", strconv.Itoa(lines))
	}
	var logs Logs
	err := c.do(ctx, call{
		method: http.MethodGet, path: instancePath(workspace) + "/logs", query: query, repeatable: true,
	}, &logs)
	if err != nil {
		return nil, err
	}
	return &logs, nil
}

// ListReleases returns the releases that orbitd carries.
func (c *Client) ListReleases(ctx context.Context) ([]Release, error) {
	var page Page[Release]
	if err := c.do(ctx, call{method: http.MethodGet, path: "/v1/releases", repeatable: true}, &page); err != nil {
		return nil, err
	}
	return page.Items, nil
}

func (c *Client) write(ctx context.Context, call call) (*Change, error) {
	var change Change
	if err := c.do(ctx, call, &change); err != nil {
		return nil, err
	}
	return &change, nil
}
