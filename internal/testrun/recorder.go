package main

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A recorder folds one command's events into suites.
type recorder struct {
	nameOf func(pkg string) string // how a package is shown
	suites map[string]*suite
	builds map[string]*strings.Builder // output of builds by import path
}

func newRecorder(nameOf func(string) string) *recorder {
	return &recorder{nameOf: nameOf, suites: map[string]*suite{}, builds: map[string]*strings.Builder{}}
}

// observe takes one event in and returns the suite that it ended, or nil.
func (r *recorder) observe(e event) *suite {
	if e.Action == "build-output" {
		if r.builds[e.ImportPath] == nil {
			r.builds[e.ImportPath] = &strings.Builder{}
		}
		r.builds[e.ImportPath].WriteString(e.Output)
		return nil
	}
	if e.Package == "" {
		return nil
	}
	s := r.suites[e.Package]
	if s == nil {
		s = &suite{name: r.nameOf(e.Package)}
		r.suites[e.Package] = s
	}
	if e.Test == "" {
		return r.observeSuite(s, e)
	}
	switch t := s.test(e.Test); e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass":
		t.outcome = passed
	case "fail":
		t.outcome = failed
	case "skip":
		t.outcome = skipped
	}
	return nil
}

func (r *recorder) observeSuite(s *suite, e event) *suite {
	elapsed := time.Duration(e.Elapsed * float64(time.Second))
	switch e.Action {
	case "output":
		s.output.WriteString(e.Output)
		if strings.HasPrefix(e.Output, "ok ") && strings.Contains(e.Output, "(cached)") {
			s.cached = true
		}
		return nil
	case "pass", "skip":
		s.close(passed, elapsed)
	case "fail":
		if build := r.builds[e.FailedBuild]; build != nil {
			s.output.WriteString(build.String())
		}
		s.close(failed, elapsed)
	default:
		return nil
	}
	return s
}

// unfinished are the suites whose end was never reported, as when the command was killed.
func (r *recorder) unfinished() []*suite {
	var cut []*suite
	for _, s := range r.suites {
		if s.outcome == running {
			s.close(failed, 0)
			cut = append(cut, s)
		}
	}
	return cut
}

func (r *recorder) all() []*suite {
	return slices.Collect(maps.Values(r.suites))
}
