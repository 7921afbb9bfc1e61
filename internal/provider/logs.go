package provider

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
)

// The parts of the provider's log. Each has a level of its own in TF_LOG_PROVIDER_ORBIT_API and
// TF_LOG_PROVIDER_ORBIT_PLANNING, else that of TF_LOG_PROVIDER or TF_LOG.
const (
	logAPI      = "orbit.api"
	logPlanning = "orbit.planning"
)

// secretFields are the fields whose values are no log's business.
var secretFields = []string{ //nolint:gochecknoglobals // a table
	"token", "secret", "secrets", "secrets_wo", "password", "authorization", "client_key", "config",
}

// logs write the provider's log lines, and mask in them whatever they were told to hide. The zero logs are ready; all
// methods may be called concurrently.
type logs struct {
	mu     sync.Mutex
	hidden map[string]bool
}

// hide masks the values in every line from now on.
func (l *logs) hide(values ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, value := range values {
		if value == "" {
			continue // would mask between all letters
		}
		if l.hidden == nil {
			l.hidden = map[string]bool{}
		}
		l.hidden[value] = true
	}
}

// debug writes a line of one part of the log.
func (l *logs) debug(ctx context.Context, part, message string, fields map[string]any) {
	level := tflog.WithLevelFromEnv("TF_LOG_PROVIDER_ORBIT", map[string]string{logAPI: "API", logPlanning: "PLANNING"}[part])
	ctx = tflog.NewSubsystem(ctx, part, level, tflog.WithRootFields())
	ctx = tflog.SubsystemMaskFieldValuesWithFieldKeys(ctx, part, secretFields...)
	l.mu.Lock()
	hidden := slices.Collect(maps.Keys(l.hidden))
	l.mu.Unlock()
	if len(hidden) > 0 {
		ctx = tflog.SubsystemMaskLogStrings(ctx, part, hidden...)
	}
	tflog.SubsystemDebug(ctx, part, message, fields)
}

// decided tells what a plan came to: where the change is and what it costs, and nothing of what is there.
func (l *logs) decided(ctx context.Context, workspace, subject string, decision changeplan.Decision) {
	paths := make([]string, len(decision.Reasons))
	for i, reason := range decision.Reasons {
		paths[i] = string(reason.Impact) + " " + reason.Path
	}
	l.debug(ctx, logPlanning, "decided what a change costs", map[string]any{
		"workspace": workspace, "subject": subject, "impact": string(decision.Impact), "reasons": paths,
	})
}

// logHandler hands the client's log lines on.
type logHandler struct {
	logs   *logs
	fields map[string]any
}

// Enabled implements slog.Handler.
func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := maps.Clone(h.fields)
	if fields == nil {
		fields = make(map[string]any, record.NumAttrs())
	}
	record.Attrs(func(attr slog.Attr) bool {
		fields[attr.Key] = attr.Value.Any()
		return true
	})
	h.logs.debug(ctx, logAPI, record.Message, fields)
	return nil
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := make(map[string]any, len(h.fields)+len(attrs))
	maps.Copy(fields, h.fields)
	for _, attr := range attrs {
		fields[attr.Key] = attr.Value.Any()
	}
	return logHandler{h.logs, fields}
}

// WithGroup implements slog.Handler; the client has no groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }
