package orbit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// ConnectionError says that nothing answered at the endpoint.
type ConnectionError struct {
	// Endpoint is the base URL that was tried.
	Endpoint string
	// Err is why, as the operating system or TLS said it.
	Err error
}

// Error names the endpoint, the cause and what to do.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("orbitd at %s cannot be reached: %v. Is orbitd running there? Start it with \"orbitd serve\", "+
		"or set the endpoint to where it runs", e.Endpoint, e.Err)
}

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// connectionError says why a call with the caller's context got no answer. The end of that context stays what it is.
func (c *Client) connectionError(caller context.Context, err error) error {
	if caller.Err() != nil {
		return fmt.Errorf("ask orbitd at %s: %w", c.endpoint, caller.Err())
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		err = dial.Err // the endpoint says the rest
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", callTimeout, err)
	}
	return &ConnectionError{Endpoint: c.endpoint, Err: err}
}

// HasCode says whether err is, or wraps, a *Problem with that code.
func HasCode(err error, code Code) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Code == code
}

// IsNotFound says whether err is the API's answer that an object does not exist.
func IsNotFound(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && (problem.Code == CodeNotFound || problem.Status == http.StatusNotFound)
}

// IsUnreachable says whether err means that nothing answered at the endpoint.
func IsUnreachable(err error) bool {
	var unreachable *ConnectionError
	return errors.As(err, &unreachable)
}

// transient says whether the same question may well be answered a moment later.
func transient(err error) bool {
	var problem *Problem
	if errors.As(err, &problem) {
		switch problem.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	}
	return IsUnreachable(err)
}

// problemOf turns an answer that is no success into a *Problem, also when it came from something in between.
func problemOf(response *http.Response, body []byte) *Problem {
	problem := &Problem{}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), ProblemMediaType) ||
		json.Unmarshal(body, problem) != nil || (problem.Title == "" && problem.Code == "") {
		problem = &Problem{
			Title:  "The answer did not come from orbitd",
			Detail: fmt.Sprintf("%s answered %s; is there a proxy in between?", response.Request.URL.Host, response.Status),
		}
	}
	problem.Status = response.StatusCode
	if problem.RequestID == "" {
		problem.RequestID = response.Header.Get("X-Request-Id")
	}
	if problem.Code == "" && response.StatusCode == http.StatusUnauthorized {
		problem.Code = CodeUnauthorized
	}
	return problem
}
