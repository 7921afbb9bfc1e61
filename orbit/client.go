package orbit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// DefaultEndpoint is where orbitd's API listens when nobody says otherwise.
const DefaultEndpoint = "http://127.0.0.1:7070"

const (
	// callTimeout bounds a call with all its retries, on top of what it asks the server to wait.
	callTimeout = 45 * time.Second
	// maxAnswerBytes bounds what is read of an answer.
	maxAnswerBytes = 32 << 20
)

// TokenSource returns the bearer token of the next request. It is asked for every request, so a token that is renewed
// or written after the client was made is found.
type TokenSource func(ctx context.Context) (string, error)

// ClientOptions say how a Client reaches orbitd. Only Token or TokenSource has to be set.
type ClientOptions struct {
	// Endpoint is the base URL of the API, http or https; empty means DefaultEndpoint.
	Endpoint string
	// Token is the bearer token. TokenSource goes before it.
	Token string
	// TokenSource returns the bearer token.
	TokenSource TokenSource
	// UserAgent names the program that uses the client; empty means "orbit-go".
	UserAgent string
	// HTTPClient carries the requests; nil means a client of its own with pooled connections.
	HTTPClient *http.Client
	// RetryMax is how many times a request that may be repeated is repeated; 0 means DefaultRetryMax, less than 0
	// means never.
	RetryMax int
	// Logger gets one line at debug level for every request, without headers and bodies; nil means silence.
	Logger *slog.Logger
}

// Client speaks to orbitd. Its methods may be called concurrently; every error that the API answered is a *Problem, and
// one that says nothing answered is a *ConnectionError.
type Client struct {
	endpoint  string
	token     TokenSource
	userAgent string
	http      *retryablehttp.Client
	logger    *slog.Logger
}

// NewClient makes a client. It opens no connection. The only error is an endpoint that is no http or https URL.
func NewClient(options ClientOptions) (*Client, error) {
	endpoint := options.Endpoint
	if endpoint == "" {
		endpoint = DefaultEndpoint
	}
	if err := ValidateEndpoint(endpoint); err != nil {
		return nil, err
	}
	client := &Client{
		endpoint:  strings.TrimRight(endpoint, "/"),
		token:     options.TokenSource,
		userAgent: options.UserAgent,
		http:      newRetryClient(options.HTTPClient, options.RetryMax),
		logger:    options.Logger,
	}
	if client.token == nil {
		client.token = func(context.Context) (string, error) { return options.Token, nil }
	}
	if client.userAgent == "" {
		client.userAgent = "orbit-go"
	}
	if client.logger == nil {
		client.logger = slog.New(slog.DiscardHandler)
	}
	return client, nil
}

// ValidateEndpoint says what is wrong with the base URL of an API, if anything is.
func ValidateEndpoint(endpoint string) error {
	parsed, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return fmt.Errorf("endpoint %q is no URL: it looks like %s", endpoint, DefaultEndpoint)
	case parsed.Scheme != "http" && parsed.Scheme != "https", parsed.Host == "":
		return fmt.Errorf("endpoint %q is no http or https URL: it looks like %s", endpoint, DefaultEndpoint)
	case parsed.User != nil, parsed.RawQuery != "", parsed.Fragment != "":
		return errors.New("the endpoint carries a user, a query or a fragment: give scheme, host, port and path alone")
	default:
		return nil
	}
}

// Endpoint is the base URL of the API, without a trailing slash.
func (c *Client) Endpoint() string { return c.endpoint }

// call is one request to the API.
type call struct {
	method string
	// path is escaped already and starts with /v1.
	path   string
	query  url.Values
	header http.Header
	body   any
	// repeatable says that the request may be sent again when it is unknown whether the first one was carried out.
	repeatable bool
	// wait is how long the server may hold the request before it answers.
	wait time.Duration
}

// do carries a call out and decodes its answer into answer.
func (c *Client) do(ctx context.Context, call call, answer any) error {
	bounded, cancel := context.WithTimeout(withRepeatable(ctx, call.repeatable), callTimeout+call.wait)
	defer cancel()
	request, err := c.request(bounded, call)
	if err != nil {
		return err
	}
	started := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		c.logger.DebugContext(ctx, "orbitd did not answer", "method", call.method, "path", call.path,
			"took", time.Since(started).String())
		if response != nil {
			_ = response.Body.Close()
		}
		return c.connectionError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	c.logger.DebugContext(ctx, "orbitd answered", "method", call.method, "path", call.path,
		"status", response.StatusCode, "took", time.Since(started).String())

	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return c.connectionError(ctx, err)
	}
	return c.decode(response, body, answer)
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
