package orbit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// setEndpoint is what to do about an endpoint that is not the API's.
const setEndpoint = "set endpoint or ORBIT_ENDPOINT to the API's base URL, " + DefaultEndpoint + " for example"

// decode reads an answer: into answer when it is a success, else as a *Problem. A nil answer wants 204, No Content.
func (c *Client) decode(response *http.Response, call call, body []byte, answer any) error {
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return c.problemOf(response, call, body)
	}
	if answer == nil {
		if response.StatusCode != http.StatusNoContent {
			return c.notOrbitd(response, call, body)
		}
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return c.notOrbitd(response, call, body)
	}
	if change, isChange := answer.(*Change); isChange && change.ID == "" {
		return c.notOrbitd(response, call, body) // JSON of something else: taken for a change it would be one that is done
	}
	return nil
}

// problemOf turns an answer that is no success into a *Problem, also when it did not come from the API.
func (c *Client) problemOf(response *http.Response, call call, body []byte) *Problem {
	problem := &Problem{}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), ProblemMediaType) ||
		json.Unmarshal(body, problem) != nil || problem.Code == "" {
		return c.notOrbitd(response, call, body)
	}
	problem.Status = response.StatusCode
	problem.RequestID = cmp.Or(problem.RequestID, response.Header.Get(requestIDHeader), call.id)
	switch problem.Code {
	case CodeUnknownHost, CodeInstanceUnavailable, CodeInstanceNoAnswer:
		problem.Detail = fmt.Sprintf("%s is not orbitd's API, it is its gateway, where people open the instances; %s",
			c.endpoint, setEndpoint)
	case CodeNoRoute:
		problem.Detail = fmt.Sprintf("%s is not orbitd's API: orbitd is there and has no route %s %s; %s, or update orbitd "+
			"if it is older than its client", c.endpoint, response.Request.Method, response.Request.URL.Path, setEndpoint)
	}
	return problem
}

// notOrbitd is the problem of an answer that something else gave. It has no code and quotes nothing of the answer.
func (c *Client) notOrbitd(response *http.Response, call call, body []byte) *Problem {
	problem := &Problem{
		Title: "The answer did not come from orbitd", Status: response.StatusCode,
		RequestID: cmp.Or(response.Header.Get(requestIDHeader), call.id),
		Detail: fmt.Sprintf("%s is not orbitd's API, or a proxy is in between: the answer to %s %s was %s and not one of "+
			"orbitd's; %s", c.endpoint, response.Request.Method, response.Request.URL.Path, response.Status, setEndpoint),
	}
	switch {
	case strings.HasPrefix(c.endpoint, "http://") && bytes.Contains(body, []byte(plainToTLS)):
		problem.Detail = c.endpoint + " wants TLS: begin the endpoint with https://"
	case IsTransient(problem):
		problem.Detail = fmt.Sprintf("%s answered %s, and not as orbitd does; is there a proxy in between?",
			c.endpoint, response.Status)
	}
	return problem
}

// plainToTLS is what a server of Go says to a request without TLS where it wants some.
const plainToTLS = "HTTP request to an HTTPS server"

// requestIDHeader names a request in the logs of both sides.
const requestIDHeader = "X-Request-Id"
