// Package logline reads what a Backstage writes to its log: one JSON object a line.
package logline

import (
	"encoding/json"
	"strings"
)

// Entry is a line of the log.
type Entry struct {
	Level   string `json:"level"`
	Plugin  string `json:"plugin"`
	Service string `json:"service"`
	Message string `json:"message"`
	// Timestamp is as the line has it; "" where it has none.
	Timestamp string `json:"timestamp"`
}

// Parse returns the entry that a line is. One that is no JSON, or says nothing, is none.
func Parse(line string) (Entry, bool) {
	var e Entry
	err := json.Unmarshal([]byte(line), &e)
	return e, err == nil && e.Message != ""
}

// String is the entry for people: level, who says it, and what.
func (e Entry) String() string {
	source := e.Plugin
	if source == "" {
		source = e.Service
	}
	return strings.TrimSpace(e.Level+" "+source) + ": " + e.Message
}

// Complains says whether something is wrong.
func (e Entry) Complains() bool { return e.Level == "error" || e.Level == "warn" }
