package operator

import (
	"net/http"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/logline"
)

// linesOnPage is how many of the newest lines a log's page shows.
const linesOnPage = 500

// logView is the page of an instance's log.
type logView struct {
	Workspace string
	Lines     []line
}

// line is a line of the log as people read it.
type line struct {
	// At is when it was written, as it says itself; "" where it does not.
	At, Text string
	Tone     tone
}

func (p *operator) log(r *http.Request) (view, error) {
	workspace := r.PathValue("workspace")
	lines, err := p.Reader.Logs(r.Context(), workspace, linesOnPage)
	return view{
		Name: "log", Title: "Log of " + workspace, Trail: trailOf(workspace),
		Content: logView{Workspace: workspace, Lines: readLines(lines)},
	}, err
}

func readLines(lines []string) []line {
	read := make([]line, len(lines))
	for i, text := range lines {
		read[i] = readLine(text)
	}
	return read
}

// readLine makes an entry of Backstage's log readable. What is none stays as it is.
func readLine(text string) line {
	entry, read := logline.Parse(text)
	if !read {
		return line{Text: text, Tone: quiet}
	}
	l := line{At: entry.Timestamp, Text: entry.String(), Tone: quiet}
	switch entry.Level {
	case "error":
		l.Tone = bad
	case "warn":
		l.Tone = warn
	}
	return l
}

// fresh are the lines of a log's end that were not in an earlier look at it. Lines that repeat what the earlier end says
// word for word are taken for the same.
func fresh(before, now []string) []string {
	for n := min(len(before), len(now)); n > 0; n-- {
		if slices.Equal(before[len(before)-n:], now[:n]) {
			return now[n:]
		}
	}
	return now
}
