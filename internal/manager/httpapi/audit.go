package httpapi

import (
	"cmp"
	"context"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// AuditLog is the log of the writes that were asked for.
type AuditLog interface {
	// PutAudit records a write before it is carried out, and returns the record's id.
	PutAudit(ctx context.Context, record orbit.AuditRecord) (int64, error)
	// FinishAudit records what became of it.
	FinishAudit(ctx context.Context, record orbit.AuditRecord) error
	// Audit returns at most limit records whose id is below before, newest first: of the workspace, or with "" all.
	Audit(ctx context.Context, workspace string, before int64, limit int) ([]orbit.AuditRecord, error)
}

const (
	// auditTimeout bounds one writing of a record.
	auditTimeout = 10 * time.Second
	// maxRecorded bounds each text of a record, in bytes: a name that is longer is none.
	maxRecorded = 256
)

type recordKey struct{}

// recordOf is the record of the write that the context is of; one that nobody keeps where it is not audited.
func recordOf(ctx context.Context) *orbit.AuditRecord {
	if record, audited := ctx.Value(recordKey{}).(*orbit.AuditRecord); audited {
		return record
	}
	return &orbit.AuditRecord{}
}

// audited carries out nothing that is not recorded. Of a write that orbitd dies over the record remains.
func (a *api) audited(ctx huma.Context, next func(huma.Context)) {
	p := auth.FromContext(ctx.Context())
	host, _, _ := net.SplitHostPort(ctx.RemoteAddr())
	record := orbit.AuditRecord{
		Subject: recorded(p.Subject), Role: p.Role, Operation: ctx.Operation().OperationID, Workspace: recorded(ctx.Param("workspace")),
		Object:    recorded(cmp.Or(ctx.Param("package"), ctx.Param("id"))),
		RequestID: recorded(requestIDFrom(ctx.Context())), Address: host,
	}
	begin, cancel := context.WithTimeout(ctx.Context(), auditTimeout)
	defer cancel()
	var err error
	if record.ID, err = a.audit.PutAudit(begin, record); err != nil {
		a.logger.ErrorContext(begin, "write refused, because it cannot be recorded", "request_id", record.RequestID, "error", err)
		a.refuse(ctx, &orbit.Problem{
			Code: orbit.CodeUnavailable, Title: ctx.Operation().Summary + " failed",
			Detail: "orbitd records every write before it carries it out, and its database does not answer; nothing was touched, try again",
		})
		return
	}
	next(huma.WithValue(ctx, recordKey{}, &record))
	record.Status = ctx.Status()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context()), auditTimeout)
	defer cancel()
	if err := a.audit.FinishAudit(end, record); err != nil {
		a.logger.ErrorContext(end, "what became of a write cannot be recorded", "request_id", record.RequestID, "operation", record.Operation,
			"subject", record.Subject, "status", record.Status, "change", record.ChangeID, "error", err)
	}
}

// recorded is a text as it can be stored.
func recorded(text string) string {
	text = text[:min(len(text), maxRecorded)]
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "�"), "�")
}

// noteAnswer takes into a write's record what its answer names, and nothing else of it.
func noteAnswer(ctx huma.Context, _ string, v any) (any, error) {
	record := recordOf(ctx.Context())
	switch answer := v.(type) {
	case *orbit.Problem:
		record.Code = answer.Code
	case orbit.Change:
		record.ChangeID = answer.ID
	case orbit.Token:
		record.Workspace, record.Object = answer.Workspace, answer.ID
	case orbit.AccessToken:
		record.Object = answer.ID
	case orbit.CatalogLocation:
		record.Object = answer.ID
	}
	return v, nil
}

func (a *api) auditRoutes() {
	const description = "The writes that somebody signed in asked for, refused ones too, newest first. They are kept for 90 days."
	tags := []string{"audit"}
	type page struct{ Body orbit.Page[orbit.AuditRecord] }
	list := func(ctx context.Context, workspace string, query PageQuery) (*page, error) {
		before, err := query.number(math.MaxInt64)
		if err != nil {
			return nil, err
		}
		records, err := a.audit.Audit(ctx, workspace, before, query.Limit+1)
		if err != nil {
			return nil, err
		}
		return &page{pageOf(records, query.Limit, func(r orbit.AuditRecord) string { return strconv.FormatInt(r.ID, 10) })}, nil
	}
	route(a, huma.Operation{
		OperationID: "listAudit", Method: http.MethodGet, Path: "/v1/audit", Tags: tags,
		Summary: "List audit records", Description: description,
	}, func(ctx context.Context, in *PageQuery) (*page, error) { return list(ctx, "", *in) })
	route(a, huma.Operation{
		OperationID: "listWorkspaceAudit", Method: http.MethodGet, Path: "/v1/instances/{workspace}/audit", Tags: tags,
		Summary: "List audit records of workspace", Description: description,
	}, func(ctx context.Context, in *struct {
		WorkspacePath
		PageQuery
	}) (*page, error) {
		return list(ctx, in.Workspace, in.PageQuery)
	})
}
