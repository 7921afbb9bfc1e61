package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// bundleVariable names the folder of an installed Backstage release to the tests that need one. A test that finds it
// empty skips and says its name.
const bundleVariable = "ORBIT_TEST_BUNDLE"

// unraced are the packages whose tests run without the race detector, and one after the other: they spend their time in
// processes of their own, of orbitd, Backstage and Terraform, which keep the machine busy.
var unraced = []string{"internal/e2e", acceptancePackage}

// shortFlags are those of tests that start nothing big. In short mode a test skips; it never does less.
var shortFlags = []string{"-short", "-timeout=5m"}

// wholeFlags are those of tests that leave nothing out.
func wholeFlags() []string { return []string{"-count=1", "-timeout=20m", parallel()} }

// parallel has twice as many tests run at a time as there are cores: those that start something big mostly wait.
func parallel() string { return fmt.Sprintf("-parallel=%d", 2*runtime.NumCPU()) }

// A run is one run of the tests.
//
// Nothing lists which packages need the release. While it is being installed, a first pass runs all of them in short mode
// and without it. Those that left something out run again, whole, once it is there, and then count; a failure of the first
// pass stands. Where the release was installed before there is one pass, whole. What skips for want of the release in a
// whole pass has failed.
type run struct {
	screen   *screen
	results  *results
	dir      string // the module's root; empty for the working directory
	raceable bool   // the race detector can be linked
	bundle   string // the release's folder, once there is one
}

// unit runs what needs neither release nor Terraform.
func (r *run) unit(ctx context.Context) {
	packages, module := r.packages(ctx)
	r.goTests(ctx, goTests{packages: packages, module: module, flags: shortFlags, env: []string{
		bundleVariable + "=", acceptanceVariable + "=",
	}})
}

// everything installs the release and runs all tests.
func (r *run) everything(ctx context.Context) {
	env, ok := r.terraform(ctx, "terraform")
	if !ok {
		return
	}
	artefacts, err := r.artefacts()
	if err != nil {
		r.fail("artefacts", err.Error()+"\n")
		return
	}

	installed := make(chan struct{})
	go func() {
		defer close(installed)
		if r.bundle == "" {
			r.bundle = r.install(ctx)
		}
	}()
	whole, module := r.packages(ctx)
	r.step(ctx, "go vet", "go", "vet", "./...")
	select {
	case <-installed:
	default:
		whole = r.goTests(ctx, goTests{packages: whole, module: module, flags: shortFlags,
			env: slices.Concat(env, []string{bundleVariable + "="})})
		<-installed
	}
	if r.bundle == "" || ctx.Err() != nil {
		return // told by install
	}

	r.nodeTests(ctx, "./internal/testrun/reporter.mjs", "backstage/host/test/**/*.test.mjs")
	r.goTests(ctx, goTests{packages: whole, module: module, flags: wholeFlags(),
		env: slices.Concat(env, []string{bundleVariable + "=" + r.bundle, artefactsVariable + "=" + artefacts}), needsBundle: true})
}

// packages lists the packages that have tests, and the module's path.
func (r *run) packages(ctx context.Context) (packages []string, module string) {
	const format = `{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}`
	r.output(ctx, "go list", func(line string) { module = line }, "go", "list", "-m")
	r.output(ctx, "go list", func(line string) {
		if line != "" {
			packages = append(packages, line)
		}
	}, "go", "list", "-f", format, "./...")
	return packages, module
}

// install builds the programs and has orbitd install the release into its cache. It returns the release's folder, or
// nothing where it failed.
func (r *run) install(ctx context.Context) string {
	if !r.step(ctx, "build", "go", "build", "-o", "bin/", ".", "./cmd/orbitd") {
		return ""
	}
	var folder string
	const name = "install release"
	r.output(ctx, name, func(line string) {
		if line != "" {
			folder = line
		}
	}, "bin/orbitd", "install")
	if ctx.Err() != nil || r.results.has(name) {
		return ""
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		r.fail(name, fmt.Sprintf("the last line of `orbitd install` should be the release's folder: %v\n", err))
		return ""
	}
	return folder
}

// step runs a command that is no test; it counts only where it fails.
func (r *run) step(ctx context.Context, name string, args ...string) bool {
	return r.output(ctx, name, func(string) {}, args...)
}

// output runs a command and hands on its standard output by line. Its standard error is shown as it comes where it
// is progress, and kept for the failure.
func (r *run) output(ctx context.Context, name string, stdout func(string), args ...string) bool {
	r.screen.begin(name)
	defer r.screen.end(name)
	var complaints strings.Builder
	err := command{args: args, dir: r.dir, stdout: stdout, stderr: func(line string) {
		complaints.WriteString(line + "\n")
		if args[0] != "go" {
			r.screen.printf("      %s: %s", name, line)
		}
	}}.run(ctx)
	if err != nil {
		r.fail(name, fmt.Sprintf("%s%v\n", complaints.String(), err))
		return false
	}
	return true
}

// goTests is one set of packages to test under the same conditions.
type goTests struct {
	packages    []string
	module      string
	flags, env  []string
	needsBundle bool // a test that skips for want of what this run provides has failed
}

// goTests tests packages, with the race detector where that is possible and useful, and returns those that left
// something out.
func (r *run) goTests(ctx context.Context, g goTests) (again []string) {
	var raced, plain []string
	for _, pkg := range g.packages {
		if r.raceable && !slices.Contains(unraced, shortName(g.module, pkg)) {
			raced = append(raced, pkg)
		} else {
			plain = append(plain, pkg)
		}
	}
	for _, part := range []struct {
		name     string
		flags    []string
		packages []string
	}{{"go test -race", []string{"-race"}, raced}, {"go test", []string{"-p=1"}, plain}} {
		if len(part.packages) == 0 || ctx.Err() != nil {
			continue
		}
		rec := newRecorder(func(pkg string) string { return shortName(g.module, pkg) })
		args := slices.Concat([]string{"go", "test", "-json"}, part.flags, g.flags, part.packages)
		r.tests(ctx, part.name, rec, command{args: args, env: g.env}, g.needsBundle)
		for pkg, s := range rec.suites {
			if s.leftOut() {
				again = append(again, pkg)
			}
		}
	}
	slices.Sort(again)
	return again
}

// nodeTests tests the host with the release's own Node.js.
func (r *run) nodeTests(ctx context.Context, reporter, files string) {
	node := bundle.Node(r.bundle)
	rec := newRecorder(func(file string) string { return file })
	r.tests(ctx, "node --test", rec, command{
		args: []string{node, "--test", "--test-reporter=" + reporter, files},
		env:  []string{bundleVariable + "=" + r.bundle},
	}, true)
	if len(rec.suites) == 0 && !r.results.has("node --test") {
		r.fail("node --test", "no file matches "+files+"\n")
	}
}

// tests runs a command that prints events, and shows and keeps its suites.
func (r *run) tests(ctx context.Context, name string, rec *recorder, c command, needsBundle bool) {
	r.screen.begin(name + " (building)")
	defer r.screen.end(name)
	done := func(s *suite) {
		if needsBundle {
			s.refuseSkips(bundleVariable)
			s.refuseSkips(acceptanceVariable)
		}
		r.results.add(s)
		r.screen.printf("%s", s.report())
	}
	var complaints strings.Builder
	c.stdout = func(line string) {
		e, ok := decode(line)
		if !ok {
			complaints.WriteString(line + "\n")
			return
		}
		r.follow(name, rec, e)
		if s := rec.observe(e); s != nil {
			done(s)
		}
	}
	c.stderr = func(line string) { complaints.WriteString(line + "\n") }

	c.dir = r.dir
	err := c.run(ctx)
	for _, s := range rec.unfinished() {
		done(s)
	}
	if err != nil && !slices.ContainsFunc(rec.all(), func(s *suite) bool { return s.outcome == failed }) {
		r.fail(name, fmt.Sprintf("%s%v\n", complaints.String(), err))
	}
}

// follow keeps the screen informed of the packages and top-level tests that run.
func (r *run) follow(command string, rec *recorder, e event) {
	if e.Package == "" || strings.Contains(e.Test, "/") {
		return
	}
	what := strings.TrimSpace(command + " " + rec.nameOf(e.Package) + " " + e.Test)
	switch e.Action {
	case "start", "run", "cont":
		r.screen.end(command + " (building)")
		r.screen.begin(what)
	case "pause", "pass", "fail", "skip":
		r.screen.end(what)
	}
}

// fail records that something other than a test failed.
func (r *run) fail(name, output string) {
	s := &suite{name: name}
	s.output.WriteString(output)
	s.close(failed, 0)
	r.results.add(s)
	r.screen.printf("%s", s.report())
}

// shortName is a package's path within the module; the module's own package is ".".
func shortName(module, pkg string) string {
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}
