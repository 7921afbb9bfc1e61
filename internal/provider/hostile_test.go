package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHostileDocumentsAreRefusedAtPlan(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for name, c := range map[string]struct{ config, says string }{
		"10 MB":             {"a: " + strings.Repeat("x", 10<<20), "at most 1048576 are allowed"},
		"depth 10,000":      {"a: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "more than 100 levels deep"},
		"exploding anchors": {bomb, "aliases written out"},
	} {
		for what, p := range map[string]func(t *testing.T, api *fakeAPI) planned{
			"instance": func(t *testing.T, api *fakeAPI) planned {
				t.Helper()
				return coreFor(t, api).instance().plan(t, with(acme(), object{"config": c.config}))
			},
			"plugins": func(t *testing.T, api *fakeAPI) planned {
				t.Helper()
				return coreFor(t, api).instance().plan(t, with(acme(), object{"plugins": object{"@acme/x": object{"version": "1.0.0", "config": c.config}}}))
			},
			"plugin": func(t *testing.T, api *fakeAPI) planned {
				t.Helper()
				return coreFor(t, api).plugin().plan(t, with(argoCD(), object{"config": c.config}))
			},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				api, begin := newFakeAPI(t), time.Now()
				errors := p(t, api).diags.errors()
				if took := time.Since(begin); took > 20*time.Second { // a fraction of a second where nothing else runs
					t.Errorf("it took %s", took)
				}
				want(t, errors, `[AttributeName("`, c.says)
				if len(errors) > 1000 {
					t.Errorf("the diagnostic has %d characters", len(errors))
				}
				if len(api.sent("POST")) > 0 {
					t.Error("orbitd was asked about it")
				}
			})
		}
	}
}
