package orbit

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// DefaultRetryMax is how many times a request is repeated. With the waits below a manager that does not run is
// reported within two seconds.
const DefaultRetryMax = 3

const (
	retryWaitMin = 250 * time.Millisecond
	retryWaitMax = 2 * time.Second
	// retryAfterMax bounds what a Retry-After header may ask for.
	retryAfterMax = 10 * time.Second
)

func newRetryClient(carrier *http.Client, retryMax int) *retryablehttp.Client {
	switch {
	case retryMax == 0:
		retryMax = DefaultRetryMax
	case retryMax < 0:
		retryMax = 0
	}
	client := retryablehttp.NewClient()
	client.HTTPClient = carrier
	client.Logger = nil
	client.RetryWaitMin = retryWaitMin
	client.RetryWaitMax = retryWaitMax
	client.RetryMax = retryMax
	client.CheckRetry = checkRetry
	client.Backoff = backoff
	// The server's own answer reaches the caller, not "giving up after 4 attempts".
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return client
}

type repeatableKey struct{}

func withRepeatable(ctx context.Context, repeatable bool) context.Context {
	return context.WithValue(ctx, repeatableKey{}, repeatable)
}

// checkRetry repeats what the server did not carry out (no connection, 429, 503), and what may be carried out twice
// when it is unknown whether it was (a connection that broke, a gateway's 502 or 504). A 500 is orbitd's own fault and
// would be the same again; a conflict is the caller's to solve.
func checkRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	repeatable, _ := ctx.Value(repeatableKey{}).(bool)
	if err != nil {
		return ctx.Err() == nil && !disagreement(err) && (neverSent(err) || repeatable), nil
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true, nil
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return repeatable, nil
	default:
		return false, nil
	}
}

// neverSent says whether the request failed before any of it could reach a server.
func neverSent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// backoff doubles the wait and honours Retry-After within a bound.
func backoff(shortest, longest time.Duration, attempt int, response *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(shortest, longest, attempt, response)
	return min(wait, max(longest, retryAfterMax))
}
