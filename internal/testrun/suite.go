package main

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

type outcome int

const (
	running outcome = iota
	passed
	failed
	skipped
)

// A suite is what one Go package or one file of node tests came to.
type suite struct {
	name    string
	outcome outcome
	elapsed time.Duration
	cached  bool // the go command replayed an earlier run of unchanged code
	tests   []*test
	output  strings.Builder // what belongs to no test: build errors, a panic, TestMain
}

type test struct {
	name    string // subtests after a slash
	outcome outcome
	output  strings.Builder
}

// counts are the figures a run ends with.
type counts struct{ passed, failed, skipped int }

func (c counts) plus(o counts) counts {
	return counts{c.passed + o.passed, c.failed + o.failed, c.skipped + o.skipped}
}

func (s *suite) test(name string) *test {
	for _, t := range slices.Backward(s.tests) {
		if t.name == name {
			return t
		}
	}
	t := &test{name: name}
	s.tests = append(s.tests, t)
	return t
}

// close settles a suite that has ended. A test that never ended was cut off by a crash or a timeout: it failed.
func (s *suite) close(o outcome, elapsed time.Duration) {
	s.outcome, s.elapsed = o, elapsed
	for _, t := range s.tests {
		if t.outcome == running {
			t.outcome = failed
			t.output.WriteString("did not finish\n")
		}
		if t.outcome == failed {
			s.outcome = failed
		}
	}
}

// counts counts every test once. A test with subtests is the sum of them, and counts itself only where it failed
// though none of them did. A suite that failed outside every test (its build, TestMain, a crash) is one failure.
func (s *suite) counts() counts {
	c := counts{failed: len(s.failures())}
	if s.outcome == failed && c.failed == 0 {
		c.failed = 1
	}
	for _, t := range s.tests {
		switch {
		case len(s.below(t)) > 0:
		case t.outcome == passed:
			c.passed++
		case t.outcome == skipped:
			c.skipped++
		}
	}
	return c
}

// failures are the failed tests without those that failed only because a subtest did.
func (s *suite) failures() []*test {
	isFailed := func(t *test) bool { return t.outcome == failed }
	return slices.DeleteFunc(s.withOutcome(failed), func(t *test) bool {
		return slices.ContainsFunc(s.below(t), isFailed)
	})
}

func (s *suite) below(t *test) []*test {
	var below []*test
	for _, other := range s.tests {
		if strings.HasPrefix(other.name, t.name+"/") {
			below = append(below, other)
		}
	}
	return below
}

func (s *suite) withOutcome(o outcome) []*test {
	var found []*test
	for _, t := range s.tests {
		if t.outcome == o {
			found = append(found, t)
		}
	}
	return found
}

// leftOut reports whether the suite is sound as far as it went, but went less far than it could with the release.
func (s *suite) leftOut() bool {
	return s.outcome == passed && (len(s.withOutcome(skipped)) > 0 || s.mentions(bundleVariable))
}

// mentions reports whether anything the suite printed contains word.
func (s *suite) mentions(word string) bool {
	return strings.Contains(s.output.String(), word) ||
		slices.ContainsFunc(s.tests, func(t *test) bool { return strings.Contains(t.output.String(), word) })
}

// refuseSkips turns tests into failures that skipped for want of variable although the run provides it, so that a run
// which proves nothing cannot look like one that does.
func (s *suite) refuseSkips(variable string) {
	const note = "skipped for want of a variable that this run sets: "
	for _, t := range s.withOutcome(skipped) {
		if strings.Contains(t.output.String(), variable) {
			t.outcome = failed
			t.output.WriteString(note + variable + "\n")
			s.outcome = failed
		}
	}
	if len(s.tests) == 0 && s.outcome != failed && s.mentions(variable) {
		s.output.WriteString(note + variable + "\n")
		s.outcome = failed
	}
}

// chatter is what the testing package says about every test of a verbose run.
var chatter = regexp.MustCompile(
	`^\s*(=== (RUN|PAUSE|CONT|NAME|ATTR)\s|--- (PASS|SKIP): |PASS$|FAIL$|(ok|FAIL|\?)\s*\t|exit status \d+$)`)

// said is a test's or suite's output without the chatter around it, by line.
func said(output *strings.Builder) []string {
	var lines []string
	for line := range strings.Lines(output.String()) {
		line = strings.TrimRight(line, "\r\n")
		if !chatter.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// logPosition is the file and line that testing.T.Log and Skip put before a message.
var logPosition = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

func withoutPosition(line string) string {
	return strings.TrimSpace(logPosition.ReplaceAllString(line, ""))
}

// reason is why a skipped test skipped: its last words.
func (t *test) reason() string {
	for _, line := range slices.Backward(said(&t.output)) {
		if reason := withoutPosition(line); reason != "" {
			return reason
		}
	}
	return "no reason given"
}

// figures are the measurements a suite printed, one a line: "figure: <name>: <value>".
func (s *suite) figures() []string {
	var found []string
	collect := func(output *strings.Builder) {
		for _, line := range said(output) {
			if figure, ok := strings.CutPrefix(withoutPosition(line), "figure: "); ok {
				found = append(found, figure)
			}
		}
	}
	collect(&s.output)
	for _, t := range s.tests {
		collect(&t.output)
	}
	return found
}
