package operator

import (
	"fmt"
	"net/url"
	"time"
)

const day = 24 * time.Hour

// ago says how long something is past, for people. The script has the same words, for a page that stays open.
func ago(at time.Time) string { return since(time.Since(at)) }

func since(past time.Duration) string {
	switch {
	case past < 10*time.Second:
		return "just now"
	case past < time.Minute:
		return fmt.Sprintf("%d s ago", int(past.Seconds()))
	case past < time.Hour:
		return fmt.Sprintf("%d min ago", int(past.Minutes()))
	case past < 2*day:
		return fmt.Sprintf("%d h ago", int(past.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(past/day))
	}
}

// clock is a time as people read it, in UTC.
func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// machine is a time as programs read it.
func machine(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// lasted is how long something took.
func lasted(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// mebibytes is a number of bytes in MiB.
func mebibytes(bytes int64) int64 { return bytes >> 20 }

// workspacePath is the address of a workspace's page, or of one below it.
func workspacePath(workspace string, below ...string) string {
	path := Path + "workspaces/" + url.PathEscape(workspace)
	for _, part := range below {
		path += "/" + url.PathEscape(part)
	}
	return path
}
