package manager_test

import (
	"sync"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
)

// hold makes the workspace's next operation of the fault's kind wait. reached returns when it does; release lets it go
// on, as the end of the test does at the latest. The rest of the fault takes effect after that.
func hold(t *testing.T, s *managertest.Server, fault fake.Fault) (reached, release func()) {
	t.Helper()
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	before := calls(s, fault.Workspace, fault.Op)
	fault.Gate, fault.Times = gate, 1
	s.Runtime.Inject(fault)
	return func() {
		t.Helper()
		within(t, "the "+string(fault.Op)+" to be under way", func() bool { return calls(s, fault.Workspace, fault.Op) > before })
	}, release
}
