package rollout

import "github.com/orbit-idp/terraform-provider-orbit/internal/manager/logline"

// tailLines is how many log lines a problem carries: enough to see the failure, few enough to read in a terminal.
const tailLines = 8

// readable makes lines of the host's log readable in a terminal. A line that is no entry stays as it is. Where Backstage
// complains, its other lines only hide that, and are left out.
func readable(lines []string) []string {
	var all, complaints []string
	for _, line := range lines {
		entry, read := logline.Parse(line)
		if read {
			line = entry.String()
		}
		all = append(all, line)
		if !read || entry.Complains() {
			complaints = append(complaints, line)
		}
	}
	if len(complaints) > 0 {
		all = complaints
	}
	return all[max(0, len(all)-tailLines):]
}
