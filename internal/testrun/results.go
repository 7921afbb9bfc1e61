package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// results are the suites of a run by name. A suite that ran twice counts as it ended last.
type results struct {
	mu     sync.Mutex
	suites map[string]*suite
}

func newResults() *results {
	return &results{suites: map[string]*suite{}}
}

func (r *results) add(s *suite) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.suites[s.name] = s
}

func (r *results) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.suites[name] != nil
}

// report is a suite as it is shown when it ends: one line, and under it the output of what failed.
func (s *suite) report() string {
	c := s.counts()
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	if len(s.tests) > 0 {
		add(c.failed, "failed")
		add(c.passed, "passed")
		add(c.skipped, "skipped")
	}
	if s.cached {
		parts = append(parts, "unchanged since an earlier run")
	} else if s.elapsed > 0 {
		parts = append(parts, s.elapsed.Round(10*time.Millisecond).String())
	}
	mark := "ok    "
	if s.outcome == failed {
		mark = "FAILED"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %-34s %s", mark, s.name, strings.Join(parts, ", "))) + s.complaint()
}

// complaint is the output of a failed suite that tells why, indented.
func (s *suite) complaint() string {
	if s.outcome != failed {
		return ""
	}
	var b strings.Builder
	write := func(output *strings.Builder) {
		for _, line := range said(output) {
			b.WriteString("\n        " + line)
		}
	}
	failures := s.failures()
	for _, t := range s.withOutcome(failed) {
		if slices.Contains(failures, t) || len(said(&t.output)) > 0 {
			b.WriteString("\n    " + t.name)
			write(&t.output)
		}
	}
	write(&s.output)
	return b.String()
}

// conclude prints what a reader wants to know at the end and reports whether all is well. Its last line is
// `N passed, N failed, N skipped`, which CI reads.
func (r *results) conclude(out io.Writer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	var total counts
	var skips, figures, failures []string
	for _, name := range slices.Sorted(maps.Keys(r.suites)) {
		s := r.suites[name]
		c := s.counts()
		total = total.plus(c)
		for _, t := range s.withOutcome(skipped) {
			skips = append(skips, fmt.Sprintf("%s %s\t%s", name, t.name, t.reason()))
		}
		for _, figure := range s.figures() {
			what, value, _ := strings.Cut(figure, ": ")
			figures = append(figures, what+"\t"+value)
		}
		named := s.failures()
		for _, t := range named {
			failures = append(failures, name+" "+t.name)
		}
		if s.outcome == failed && len(named) == 0 {
			failures = append(failures, name)
		}
	}
	table(out, "skipped", skips)
	table(out, "figures", figures)
	table(out, "failed", failures)
	if total.passed+total.failed == 0 {
		total.failed = 1
		table(out, "failed", []string{"no test ran"})
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped)
	return total.failed == 0
}

// table prints rows of tab-separated cells under a title, and nothing where there are none.
func table(out io.Writer, title string, rows []string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(w, "  %s\n", row)
	}
	_ = w.Flush()
}
