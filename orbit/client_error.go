package orbit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// ConnectionError says that nothing answered at the endpoint.
type ConnectionError struct {
	// Endpoint is the base URL that was tried.
	Endpoint string
	// RequestID is the name that the request had; it is in orbitd's log if orbitd did see it.
	RequestID string
	// Err is why, as the operating system said it.
	Err error
}

// Error names the endpoint, the cause, what to do, and the request.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("orbitd at %s cannot be reached: %v. Is orbitd running there? Start it with \"orbitd serve\", "+
		"or set the endpoint to where it runs%s", e.Endpoint, e.Err, named(e.RequestID))
}

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// named is a request's name at the end of a message.
func named(requestID string) string {
	if requestID == "" {
		return ""
	}
	return ". Request " + requestID
}

// connectionError says why a call with the caller's context got no answer. The end of that context stays what it is.
func (c *Client) connectionError(caller context.Context, call call, err error) error {
	if caller.Err() != nil {
		return fmt.Errorf("ask orbitd at %s: %w", c.endpoint, caller.Err())
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if disagreement(err) {
		return &TLSError{Endpoint: c.endpoint, RequestID: call.id, Err: err}
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		err = dial.Err // the endpoint says the rest
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", timeoutFrom(caller)+call.wait, err)
	}
	return &ConnectionError{Endpoint: c.endpoint, RequestID: call.id, Err: err}
}

// HasCode says whether err is, or wraps, a *Problem with that code.
func HasCode(err error, code Code) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Code == code
}

// IsNotFound says whether err is the API's own answer that an object does not exist. The status alone says nothing: a
// gateway, a proxy or a wrong path answers 404 too, and whoever took that for an answer would forget what still runs.
func IsNotFound(err error) bool { return HasCode(err, CodeNotFound) }

// IsUnreachable says whether err means that nothing answered at the endpoint.
func IsUnreachable(err error) bool {
	var unreachable *ConnectionError
	return errors.As(err, &unreachable)
}

// IsTransient says whether the same question may well be answered a moment later: orbitd may be restarting.
func IsTransient(err error) bool {
	var problem *Problem
	if errors.As(err, &problem) {
		switch problem.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	}
	return IsUnreachable(err)
}
