package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles writes files by path into a temporary folder and returns it.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// outcomes are the counts of each suite by name.
func outcomes(r *results) map[string]counts {
	got := map[string]counts{}
	for name, s := range r.suites {
		got[name] = s.counts()
	}
	return got
}

func TestRealGoPackages(t *testing.T) {
	t.Parallel()
	folder := writeFiles(t, map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n",
		"good/good_test.go": `package good
import ("os"; "testing")
func TestA(t *testing.T) { t.Run("x", func(t *testing.T) {}); t.Run("y", func(t *testing.T) {}) }
func TestRelease(t *testing.T) { if os.Getenv("ORBIT_TEST_BUNDLE") == "" { t.Skip("ORBIT_TEST_BUNDLE is not set") } }
`,
		"crash/crash_test.go": `package crash
import "testing"
func TestA(t *testing.T) {}
func TestCrash(t *testing.T) { panic("out of cheese") }
`,
		"heavy/heavy_test.go": `package heavy
import "testing"
func TestA(t *testing.T) { if testing.Short() { t.Skip("starts something big") } }
`,
		"broken/broken_test.go": "package broken\n\nvar _ = nowhere\n",
	})
	r := &run{screen: newScreen(io.Discard), results: newResults(), dir: folder}
	g := goTests{module: "example.org/m", flags: shortFlags, env: []string{bundleVariable + "="},
		packages: []string{"example.org/m/good", "example.org/m/heavy", "example.org/m/crash", "example.org/m/broken"}}

	again := r.goTests(t.Context(), g)
	if diff := cmp.Diff([]string{"example.org/m/good", "example.org/m/heavy"}, again); diff != "" {
		t.Errorf("packages to run again: %s", diff)
	}
	want := map[string]counts{"good": {2, 0, 1}, "heavy": {0, 0, 1}, "crash": {1, 1, 0}, "broken": {0, 1, 0}}
	if diff := cmp.Diff(want, outcomes(r.results), cmp.AllowUnexported(counts{})); diff != "" {
		t.Error(diff)
	}
	for name, words := range map[string]string{"crash": "out of cheese", "broken": "undefined: nowhere"} {
		if report := r.results.suites[name].report(); !strings.Contains(report, words) {
			t.Errorf("the report of %s does not say %q:\n%s", name, words, report)
		}
	}

	g.packages, g.flags, g.env = again, nil, []string{bundleVariable + "=" + folder}
	r.goTests(t.Context(), g)
	want["good"], want["heavy"] = counts{passed: 3}, counts{passed: 1}
	if diff := cmp.Diff(want, outcomes(r.results), cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("after the second pass: %s", diff)
	}
}

func TestACommandThatTellsOfNoTestFails(t *testing.T) {
	t.Parallel()
	r := &run{screen: newScreen(io.Discard), results: newResults()}
	r.goTests(t.Context(), goTests{module: "example.org/m", flags: []string{"-p=none"}, packages: []string{"."}})
	s := r.results.suites["go test"]
	if s == nil || s.outcome != failed || !strings.Contains(s.report(), `invalid value "none" for flag -p`) {
		t.Errorf("suite = %v", s)
	}
}

func TestRealNodeTests(t *testing.T) {
	t.Parallel()
	bundle := os.Getenv(bundleVariable)
	if bundle == "" {
		t.Skip(bundleVariable + " is not set: it names the folder of an installed Backstage release, whose Node.js runs here")
	}
	folder := writeFiles(t, map[string]string{
		"good.test.mjs": `
import test, { describe, it } from 'node:test';
test('plain', () => { console.log('figure: boot: 3 s'); });
describe('group', () => { it('x', () => {}); it('y', t => t.skip('no socket')); });
`,
		"bad.test.mjs": `
import test, { describe, it } from 'node:test';
import assert from 'node:assert';
describe('group', () => { it('x', () => assert.equal(1, 2)); it('y', () => {}); });
`,
		"crash.test.mjs": "throw new Error('out of cheese');\n",
	})
	reporter, err := filepath.Abs("reporter.mjs")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{screen: newScreen(io.Discard), results: newResults(), dir: folder, bundle: bundle}
	r.nodeTests(t.Context(), reporter, "*.test.mjs")
	want := map[string]counts{"good.test.mjs": {2, 0, 1}, "bad.test.mjs": {1, 1, 0}, "crash.test.mjs": {0, 1, 0}}
	if diff := cmp.Diff(want, outcomes(r.results), cmp.AllowUnexported(counts{})); diff != "" {
		t.Error(diff)
	}
	var out strings.Builder
	r.results.conclude(&out)
	for _, words := range []string{"boot   3 s", "group/y   no socket", "\n3 passed, 2 failed, 1 skipped\n"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("the summary does not say %q:\n%s", words, out.String())
		}
	}
	if report := r.results.suites["crash.test.mjs"].report(); !strings.Contains(report, "out of cheese") {
		t.Errorf("the crash is not shown: %s", report)
	}
}
