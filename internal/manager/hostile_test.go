package manager_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// hostileTime bounds the refusal of a hostile request on a busy machine; alone it is a fraction of a second.
const hostileTime = 10 * time.Second

// bomb is a document of a few hundred bytes whose anchors write out to ten thousand million values.
func bomb() string {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return text
}

func TestTheAPIRefusesHostileDocumentsQuickly(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "hostile", "app: {}\n")
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	for name, test := range map[string]struct {
		config string
		status int
		code   orbit.Code
		says   string
	}{
		"10 MB":             {"a: " + strings.Repeat("x", 10<<20), http.StatusRequestEntityTooLarge, orbit.CodeInvalidRequest, "4194304"},
		"2 MB":              {"a: " + strings.Repeat("x", 2<<20), http.StatusUnprocessableEntity, orbit.CodeInvalidDocument, "at most 1048576 are allowed"},
		"depth 10,000":      {"a: " + deep, http.StatusUnprocessableEntity, orbit.CodeInvalidDocument, "more than 100 levels deep"},
		"exploding anchors": {bomb(), http.StatusUnprocessableEntity, orbit.CodeInvalidDocument, "aliases written out"},
	} {
		config, err := json.Marshal(test.config)
		if err != nil {
			t.Fatal(err)
		}
		for what, request := range map[string]struct{ method, path, body string }{
			"an instance": {"PUT", "/v1/instances/hostile-new", `{"release":"1.55.0","memory_limit_mib":1024,"deletion_protection":false,"config":%s}`},
			"a plugin":    {"PUT", "/v1/instances/hostile/plugins/@acme%2Fhostile", `{"version":"1.0.0","config":%s}`},
		} {
			t.Run(name+" of "+what, func(t *testing.T) {
				t.Parallel()
				begin := time.Now()
				status, problem := send(t, s, request.method, request.path, fmt.Sprintf(request.body, config), http.Header{"If-None-Match": {"*"}})
				if took := time.Since(begin); took > hostileTime {
					t.Errorf("it took %s", took)
				}
				if status != test.status || problem.Code != test.code || !strings.Contains(problem.Detail, test.says) || len(problem.Detail) > 1000 {
					t.Errorf("the answer is %d %s: %.300q, want %d %s that says %q", status, problem.Code, problem.Detail, test.status, test.code, test.says)
				}
			})
		}
		t.Run(name+" of a plan", func(t *testing.T) {
			t.Parallel()
			spec := small(test.config).InstanceSpec
			begin := time.Now()
			result, err := c.Plan(t.Context(), "hostile", orbit.PlanRequest{Instance: &spec})
			if took := time.Since(begin); took > hostileTime {
				t.Errorf("it took %s", took)
			}
			if err == nil && !orbit.HasErrors(result.Diagnostics) {
				t.Errorf("it was planned: %+v", result)
			}
		})
	}
	// The body itself can be as deep.
	status, problem := send(t, s, "PUT", "/v1/instances/hostile-new", `{"config":`+deep+deep+"}", http.Header{"If-None-Match": {"*"}})
	if status != http.StatusBadRequest || problem.Code != orbit.CodeInvalidRequest {
		t.Errorf("a deep body is answered %d %+v", status, problem)
	}
}
