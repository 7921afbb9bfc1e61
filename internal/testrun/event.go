package main

import "encoding/json"

// An event is one line of `go test -json` (see `go doc cmd/test2json`); reporter.mjs writes node's tests as the same.
type event struct {
	Action      string // start, run, pause, cont, output, pass, fail, skip, build-output, build-fail and others
	Package     string // import path, or the path of a node test file
	Test        string // empty for what concerns the package as a whole
	Output      string
	Elapsed     float64 // seconds
	ImportPath  string  // of a build event: what was built
	FailedBuild string  // of a package's fail: the ImportPath whose build output says why
}

// decode reads one line of a test stream. It reports false for a line that is no event: the go command prints a few
// of its own complaints as plain text.
func decode(line string) (event, bool) {
	var e event
	if len(line) == 0 || line[0] != '{' || json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		return event{}, false
	}
	return e, true
}
