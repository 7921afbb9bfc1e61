package rollout

import (
	"encoding/json"
	"strings"
)

// tailLines is how many log lines a problem carries: enough to see the failure, few enough to read in a terminal.
const tailLines = 8

// readable makes lines of the host's log, which are JSON, readable in a terminal: level, plugin and message. A line that
// is no JSON stays as it is. Where Backstage complains, its other lines only hide that, and are left out.
func readable(lines []string) []string {
	var all, complaints []string
	for _, line := range lines {
		var entry struct{ Level, Plugin, Service, Message string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Message == "" {
			all, complaints = append(all, line), append(complaints, line)
			continue
		}
		source := entry.Plugin
		if source == "" {
			source = entry.Service
		}
		text := strings.TrimSpace(entry.Level+" "+source) + ": " + entry.Message
		all = append(all, text)
		if entry.Level == "error" || entry.Level == "warn" {
			complaints = append(complaints, text)
		}
	}
	if len(complaints) > 0 {
		all = complaints
	}
	return all[max(0, len(all)-tailLines):]
}
