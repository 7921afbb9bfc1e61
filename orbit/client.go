package orbit

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

// DefaultEndpoint is where orbitd's API listens when nobody says otherwise.
const DefaultEndpoint = "http://127.0.0.1:7070"

// DefaultMaxConcurrency is how many requests of a client are under way at a time.
const DefaultMaxConcurrency = 8

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
	// HTTPClient carries the requests; nil means a client of its own with pooled connections, which goes through the proxy
	// that HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment name.
	HTTPClient *http.Client
	// TLS says whom the client of its own trusts and what certificate it shows; nil means the system's authorities and
	// none. It is not used with an HTTPClient.
	TLS *tls.Config
	// MaxConcurrency is how many requests are under way at a time, while others wait for their turn; less than 1 means
	// DefaultMaxConcurrency. A request that has orbitd wait, as WaitChange does, does not count.
	MaxConcurrency int
	// RetryMax is how many times a request that may be repeated is repeated; 0 means DefaultRetryMax, less than 0
	// means never.
	RetryMax int
	// OnWrite, which may be nil, is called with the workspace whenever a call is about to be sent that may change its
	// instance or a plugin of it.
	OnWrite func(workspace string)
	// Logger gets one line at debug level for every call, without headers and bodies: method, path, status, took,
	// request_id, and workspace and change where the answer is a change. Nil means silence.
	Logger *slog.Logger
}

// Client speaks to orbitd. Its methods may be called concurrently; every error that the API answered is a *Problem, and
// one that says nothing answered is a *ConnectionError.
type Client struct {
	endpoint  string
	token     TokenSource
	userAgent string
	http      *retryablehttp.Client
	turns     chan struct{}
	onWrite   func(workspace string)
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
		http:      newRetryClient(cmp.Or(options.HTTPClient, newCarrier(options.TLS)), options.RetryMax),
		turns:     make(chan struct{}, concurrency(options.MaxConcurrency)),
		onWrite:   options.OnWrite,
		logger:    options.Logger,
	}
	if client.token == nil {
		client.token = func(context.Context) (string, error) { return options.Token, nil }
	}
	if client.userAgent == "" {
		client.userAgent = "orbit-go"
	}
	if client.onWrite == nil {
		client.onWrite = func(string) {}
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

func concurrency(limit int) int {
	if limit < 1 {
		return DefaultMaxConcurrency
	}
	return limit
}

// newCarrier makes an HTTP client with pooled connections and the proxies of the environment.
func newCarrier(config *tls.Config) *http.Client {
	transport := &http.Transport{}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.TLSClientConfig = config.Clone()             // the transport writes into its own
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all go to one host
	return &http.Client{Transport: transport, CheckRedirect: stay}
}

// stay follows no redirect: the token would go wherever it leads, and a write would become a read. The answer is told as one
// that did not come from orbitd.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
