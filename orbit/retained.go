package orbit

import (
	"context"
	"net/http"
	"time"
)

// Retained is what is kept of an instance's data beside its live database, until it expires. All of it goes with the
// instance.
type Retained struct {
	// Clones are the copies of the database from before upgrades, oldest first.
	Clones []DatabaseClone `json:"clones" doc:"Copies of the database from before upgrades, oldest first."`
	// Schemas are those of removed plugins, by name. A plugin that is added again finds its schema as it was.
	Schemas []RetainedSchema `json:"schemas" doc:"Schemas of removed plugins, by name. A plugin that is added again finds its schema as it was."`
}

// DatabaseClone is a copy of an instance's database. Nobody can connect to it.
type DatabaseClone struct {
	// Name is the database's name in the PostgreSQL server.
	Name string `json:"name" doc:"The database's name in the PostgreSQL server." example:"backstage_acme@260102030405"`
	// Why says what it was made for, for people; empty when that is unknown.
	Why string `json:"why,omitempty" doc:"What it was made for."`
	// SizeBytes is what it takes on disk.
	SizeBytes int64     `json:"size_bytes" doc:"What it takes on disk."`
	MadeAt    time.Time `json:"made_at"`
	// ExpiresAt is when it is dropped, within the hour.
	ExpiresAt time.Time `json:"expires_at" doc:"When it is dropped, within the hour."`
}

// RetainedSchema is the schema of a removed plugin in an instance's database.
type RetainedSchema struct {
	// Schema is its name, which is the plugin's id.
	Schema string `json:"schema" doc:"Its name, which is the plugin's id." example:"argocd"`
	// Package is the npm package that it belonged to.
	Package string `json:"package" doc:"The npm package that it belonged to."`
	// SizeBytes is what its tables and indexes take on disk; nil while the database is closed for an upgrade.
	SizeBytes *int64 `json:"size_bytes,omitempty" doc:"What its tables and indexes take on disk. Absent while the database is closed for an upgrade."`
	// RemovedAt is when a process without the plugin took over.
	RemovedAt time.Time `json:"removed_at" doc:"When a process without the plugin took over."`
	// ExpiresAt is when it is dropped, within the hour, if the plugin is not added again before.
	ExpiresAt time.Time `json:"expires_at" doc:"When it is dropped, within the hour, if the plugin is not added again before."`
}

// GetRetained tells what is kept of an instance's data beside its live database, and until when.
func (c *Client) GetRetained(ctx context.Context, workspace string) (*Retained, error) {
	var retained Retained
	err := c.do(ctx, call{method: http.MethodGet, path: instancePath(workspace) + "/retained", repeatable: true}, &retained)
	if err != nil {
		return nil, err
	}
	return &retained, nil
}
