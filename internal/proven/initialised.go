package main

import (
	"encoding/json"
	"regexp"
	"strings"
)

var quoted = regexp.MustCompile(`'([^']+)'`)

// initialised finds in a log the plugins that Backstage says it has initialised: its lines begin "Plugin initialization"
// and go on "newly initialized: 'a', 'b', still initializing: 'c'".
func initialised(lines []string) map[string]bool {
	ids := map[string]bool{}
	for _, line := range lines {
		var entry struct{ Message string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || !strings.HasPrefix(entry.Message, "Plugin initialization") {
			continue
		}
		_, rest, _ := strings.Cut(entry.Message, "newly initialized: ")
		rest, _, _ = strings.Cut(rest, "still initializing: ")
		for _, match := range quoted.FindAllStringSubmatch(rest, -1) {
			ids[match[1]] = true
		}
	}
	return ids
}
