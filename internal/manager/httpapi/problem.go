package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// huma makes its own errors (a body that does not fit the schema, a parameter out of range) through this variable, the
// only way it offers to give them another shape.
func init() { //nolint:gochecknoinits // see above
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		var given *orbit.Problem
		if len(errs) == 1 && errors.As(errs[0], &given) { // see refuse
			return given
		}
		p := &orbit.Problem{Status: status, Title: message, Code: codeOf(status)}
		var details []string
		for _, err := range errs {
			var detail *huma.ErrorDetail
			if errors.As(err, &detail) {
				details = append(details, strings.TrimPrefix(detail.Location, "body.")+": "+detail.Message)
				p.Pointer = pointerOf(detail.Location)
			} else if err != nil {
				details = append(details, err.Error())
			}
		}
		p.Detail = strings.Join(details, "; ")
		if status == http.StatusRequestEntityTooLarge {
			p.Title = "The request's body is too large"
			p.Detail = fmt.Sprintf("a body may have %d bytes, and each app-config in it %d", maxBody, appconfig.MaxSize)
		}
		return p
	}
}

// pointerOf turns huma's "body.plugins.x" into "/plugins/x"; other locations have no pointer.
func pointerOf(location string) string {
	path, inBody := strings.CutPrefix(location, "body.")
	if !inBody {
		return ""
	}
	return "/" + strings.ReplaceAll(path, ".", "/")
}

func codeOf(status int) orbit.Code {
	switch status {
	case http.StatusUnauthorized:
		return orbit.CodeUnauthorized
	case http.StatusNotFound: // huma knows routes, not objects
		return orbit.CodeNoRoute
	case http.StatusInternalServerError:
		return orbit.CodeInternal
	default:
		return orbit.CodeInvalidRequest
	}
}

// statuses are the HTTP statuses of the codes; all other codes speak of what the request declares and are 422.
var statuses = map[orbit.Code]int{ //nolint:gochecknoglobals // a table
	orbit.CodeUnauthorized:     http.StatusUnauthorized,
	orbit.CodeForbidden:        http.StatusForbidden,
	orbit.CodeNotFound:         http.StatusNotFound,
	orbit.CodeNoRoute:          http.StatusNotFound,
	orbit.CodeAlreadyExists:    http.StatusConflict,
	orbit.CodeHostTaken:        http.StatusConflict,
	orbit.CodePluginOwned:      http.StatusConflict,
	orbit.CodeDeletionProtect:  http.StatusConflict,
	orbit.CodeImpactExceeded:   http.StatusConflict,
	orbit.CodeRestartForbidden: http.StatusConflict,
	orbit.CodeDeleting:         http.StatusConflict,
	orbit.CodeStale:            http.StatusPreconditionFailed,
	orbit.CodePreconditionMiss: http.StatusPreconditionRequired,
	orbit.CodeStarting:         http.StatusServiceUnavailable,
	orbit.CodeUnchecked:        http.StatusServiceUnavailable,
	orbit.CodeUnavailable:      http.StatusServiceUnavailable,
	orbit.CodeInternal:         http.StatusInternalServerError,

	orbit.CodeCatalogUnavailable: http.StatusServiceUnavailable,
}

// catalogRetryAfter is how many seconds a client should wait before it asks for a catalog again that gave no answer.
const catalogRetryAfter = "2"

func statusOf(p *orbit.Problem) int {
	if status, known := statuses[p.Code]; known {
		return status
	}
	return cmp.Or(p.Status, http.StatusUnprocessableEntity)
}

// statusClientGone is what logs show for a request whose client did not wait for the answer.
const statusClientGone = 499

// problem turns a handler's error into what the client gets. What is not meant for clients goes to the log alone.
func (a *api) problem(ctx context.Context, attempted string, err error) error {
	var p *orbit.Problem
	switch {
	case errors.As(err, &p):
		answer := *p
		answer.Status = statusOf(p)
		if p.Code == orbit.CodeCatalogUnavailable {
			return huma.ErrorWithHeaders(&answer, http.Header{"Retry-After": {catalogRetryAfter}})
		}
		return &answer
	case errors.Is(err, store.ErrNotFound):
		return &orbit.Problem{
			Status: http.StatusNotFound, Code: orbit.CodeNotFound, Title: attempted + " failed", Detail: err.Error(),
		}
	case errors.Is(err, context.Canceled):
		return &orbit.Problem{Status: statusClientGone, Code: orbit.CodeInvalidRequest, Title: "The client went away"}
	case store.Unavailable(err):
		a.logger.WarnContext(ctx, "request failed, because PostgreSQL is away", "operation", attempted, "request_id", requestIDFrom(ctx), "error", err)
		return &orbit.Problem{
			Status: http.StatusServiceUnavailable, Code: orbit.CodeUnavailable, Title: attempted + " failed",
			Detail: "orbitd's database does not answer now; try again",
		}
	default:
		a.logger.ErrorContext(ctx, "request failed", "operation", attempted, "request_id", requestIDFrom(ctx), "error", err)
		return &orbit.Problem{
			Status: http.StatusInternalServerError, Code: orbit.CodeInternal, Title: attempted + " failed",
			Detail: "orbitd could not carry out the request; its log says why, under this request id",
		}
	}
}

// refuse answers a request with the problem, in the place of its handler.
func (a *api) refuse(ctx huma.Context, p *orbit.Problem) {
	p.Status = statusOf(p)
	_ = huma.WriteErr(a.huma, ctx, p.Status, p.Title, p) // a client that went away is the only reason to fail
}

// addRequestID names the request in every problem.
func addRequestID(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*orbit.Problem); ok {
		p.RequestID = requestIDFrom(ctx.Context())
	}
	return v, nil
}

// writeProblem answers without huma.
func writeProblem(w http.ResponseWriter, r *http.Request, status int, code orbit.Code, title, detail string) {
	orbit.WriteProblem(w, &orbit.Problem{
		Status: status, Code: code, Title: title, Detail: detail, RequestID: requestIDFrom(r.Context()),
	})
}

// etag makes a tag a header's value, and back.
func etag(tag string) string { return fmt.Sprintf("%q", tag) }

func tagOf(header string) string { return strings.Trim(strings.TrimPrefix(header, "W/"), `"`) }
