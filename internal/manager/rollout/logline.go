package rollout

import (
	"encoding/json"
	"strings"
)

// tailLines is how many log lines a problem carries: enough to see the failure, few enough to read in a terminal.
const tailLines = 8

// readable makes lines of the host's log, which are JSON, readable in a terminal: level, plugin and message. A line that
// is no JSON stays as it is.
func readable(lines []string) []string {
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	var texts []string
	for _, line := range lines {
		var entry struct{ Level, Plugin, Service, Message string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Message == "" {
			texts = append(texts, line)
			continue
		}
		source := entry.Plugin
		if source == "" {
			source = entry.Service
		}
		texts = append(texts, strings.TrimSpace(entry.Level+" "+source)+": "+entry.Message)
	}
	return texts
}
