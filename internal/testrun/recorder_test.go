package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// record feeds a stream of events, one per line, and returns the suites by name.
func record(t *testing.T, stream string) map[string]*suite {
	t.Helper()
	rec := newRecorder(func(pkg string) string { return shortName("example.org/m", pkg) })
	suites := map[string]*suite{}
	for line := range strings.Lines(stream) {
		e, ok := decode(strings.TrimSpace(line))
		if !ok {
			t.Fatalf("no event: %s", line)
		}
		if s := rec.observe(e); s != nil {
			suites[s.name] = s
		}
	}
	for _, s := range rec.unfinished() {
		suites[s.name] = s
	}
	return suites
}

// packageStream is a stream of one package: for each test its name and how it ends ("" for a test that never does).
func packageStream(end string, tests ...[2]string) string {
	var b strings.Builder
	for _, test := range tests {
		fmt.Fprintf(&b, `{"Action":"run","Package":"example.org/m/a","Test":%q}`+"\n", test[0])
	}
	for _, test := range tests {
		if test[1] != "" {
			fmt.Fprintf(&b, `{"Action":%q,"Package":"example.org/m/a","Test":%q}`+"\n", test[1], test[0])
		}
	}
	fmt.Fprintf(&b, `{"Action":%q,"Package":"example.org/m/a","Elapsed":1.5}`+"\n", end)
	return b.String()
}

func TestCounting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		end   string
		tests [][2]string
		want  counts
	}{
		{"every outcome", "fail", [][2]string{{"A", "pass"}, {"B", "fail"}, {"C", "skip"}}, counts{1, 1, 1}},
		{"a test with subtests is the sum of them", "pass",
			[][2]string{{"A", "pass"}, {"A/x", "pass"}, {"A/y", "skip"}}, counts{1, 0, 1}},
		{"a name that only begins alike is no subtest", "pass", [][2]string{{"A", "pass"}, {"AB", "pass"}}, counts{2, 0, 0}},
		{"a failed subtest fails once", "fail",
			[][2]string{{"A", "fail"}, {"A/x", "fail"}, {"A/x/z", "fail"}}, counts{0, 1, 0}},
		{"a parent that fails by itself is a failure", "fail", [][2]string{{"A", "fail"}, {"A/x", "pass"}}, counts{1, 1, 0}},
		{"a failure outside every test is one", "fail", [][2]string{{"A", "pass"}}, counts{1, 1, 0}},
		{"a package without tests that passes counts nothing", "skip", nil, counts{}},
		{"a test that a crash cut off failed", "fail", [][2]string{{"A", "pass"}, {"B", ""}}, counts{1, 1, 0}},
		{"a test that never ended failed though the package claims to pass", "pass", [][2]string{{"A", ""}}, counts{0, 1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := record(t, packageStream(tt.end, tt.tests...))["a"]
			if got := s.counts(); got != tt.want {
				t.Errorf("counts = %+v, want %+v", got, tt.want)
			}
			if failure := s.outcome == failed; failure != (tt.want.failed > 0) {
				t.Errorf("suite failed: %v, with %d failures", failure, tt.want.failed)
			}
			if s.elapsed != 1500*time.Millisecond {
				t.Errorf("elapsed = %s", s.elapsed)
			}
		})
	}
}

func TestABuildFailureShowsTheCompilersWords(t *testing.T) {
	t.Parallel()
	s := record(t, `
{"ImportPath":"m/a [m/a.test]","Action":"build-output","Output":"a/a_test.go:7:2: undefined: nowhere\n"}
{"ImportPath":"m/a [m/a.test]","Action":"build-fail"}
{"Action":"start","Package":"example.org/m/a"}
{"Action":"output","Package":"example.org/m/a","Output":"FAIL\texample.org/m/a [build failed]\n"}
{"Action":"fail","Package":"example.org/m/a","Elapsed":0,"FailedBuild":"m/a [m/a.test]"}
`[1:])["a"]
	if got := s.counts(); got != (counts{failed: 1}) {
		t.Errorf("counts = %+v", got)
	}
	const want = "FAILED a\n        a/a_test.go:7:2: undefined: nowhere"
	if diff := cmp.Diff(want, strings.Join(strings.Fields(s.report()[:10]), " ")+s.complaint()); diff != "" {
		t.Error(diff)
	}
}

func TestAKilledCommandLeavesNoSuiteUntold(t *testing.T) {
	t.Parallel()
	s := record(t, `{"Action":"run","Package":"example.org/m/a","Test":"A"}`)["a"]
	if s == nil || s.outcome != failed || s.counts().failed != 1 {
		t.Errorf("suite = %+v", s)
	}
}

func TestOnlyEventsAreDecoded(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "go: no such tool", "{}", "{not json", `{"Package":"a"}`, `[1]`} {
		if e, ok := decode(line); ok {
			t.Errorf("decode(%q) = %+v", line, e)
		}
	}
}
