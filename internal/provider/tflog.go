package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// tflogHandler hands the client's log lines to Terraform's log, at debug level.
type tflogHandler struct {
	fields map[string]any
}

func (h tflogHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h tflogHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, len(h.fields)+record.NumAttrs())
	for key, value := range h.fields {
		fields[key] = value
	}
	record.Attrs(func(attr slog.Attr) bool {
		fields[attr.Key] = attr.Value.Any()
		return true
	})
	tflog.Debug(ctx, record.Message, fields)
	return nil
}

func (h tflogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := make(map[string]any, len(h.fields)+len(attrs))
	for key, value := range h.fields {
		fields[key] = value
	}
	for _, attr := range attrs {
		fields[attr.Key] = attr.Value.Any()
	}
	return tflogHandler{fields}
}

func (h tflogHandler) WithGroup(string) slog.Handler { return h }
