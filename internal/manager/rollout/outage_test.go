package rollout_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
)

// outage is how long PostgreSQL is away.
const outage = 5 * time.Second

// TestAnOutageOfPostgreSQLPutsNothingBack cuts all connections to PostgreSQL, and refuses new ones for five seconds,
// during a few commits of every kind of rollout, so that orbitd never hears that they were made. With
// ORBIT_TEST_EVERY_STEP it does so just before and during every statement that changes something.
func TestAnOutageOfPostgreSQLPutsNothingBack(t *testing.T) {
	t.Parallel()
	server(t)
	running := atMost(worldsAtOnce)
	statements := make([][]string, len(rollouts))
	for i, r := range rollouts {
		running.do(func() {
			t.Run(r.name+"/unharmed", func(t *testing.T) { statements[i] = r.outage(t, 0, false) })
		})
	}
	running.wait()
	for i, r := range rollouts { //nolint:paralleltest // the workers run them in parallel
		at := commits(statements[i])
		if os.Getenv(everyStep) != "" {
			at = moments(len(statements[i]))
		}
		for _, at := range spread(at) {
			running.do(func() {
				t.Run(fmt.Sprintf("%s/%s of %d", r.name, at, len(statements[i])), func(t *testing.T) { r.outage(t, at.step, at.underWay) })
			})
		}
	}
	running.wait()
}

// commits are the moments at which the answer to a commit is lost.
func commits(statements []string) []moment {
	var all []moment
	for i, statement := range statements {
		if strings.HasPrefix(statement, "COMMIT") {
			all = append(all, moment{i + 1, true})
		}
	}
	return all
}

// outage cuts the orbitd off at a statement of the rollout, or at none with 0. It returns the statements until then.
func (r rolled) outage(t *testing.T, at int, underWay bool) (statements []string) {
	t.Helper()
	inWorld(t, 1, fake.Options{Boot: refuseBroken, BootTime: 3 * time.Second}, func(t *testing.T, w *world, wires []*managertest.Wire) {
		l := &life{wire: wires[0], underWay: underWay, immortal: true}
		o := w.start(t, wires[0], l)
		if r.before != nil {
			r.before(t, o)
		}
		l.begin(at)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("PostgreSQL was away from %s of\n%s", l, strings.Join(statements, "\n"))
			}
		})
		change := r.write(t, o)
		for range 120 {
			if l.ended() {
				if r.serves { // else a request may be held, which lets time pass
					if status, _ := o.ask(t); status != http.StatusOK {
						t.Errorf("a request meanwhile is answered %d, want 200", status)
					}
				}
				time.Sleep(outage)
				break
			}
			time.Sleep(time.Second)
		}
		statements = l.taken()
		l.spare() // a step that comes later than the others did would be cut off for ever
		wires[0].Mend()
		change = o.settle(t, change)
		if change.State != r.fate {
			t.Errorf("the change is %s (%v), want %s", change.State, change.Problem, r.fate)
		}
		w.processes.Clear()
		rest()
		r.isOver(t, o)
	})
	return statements
}
