package manager_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// PostgreSQL has no place for a NUL or for bytes that are no UTF-8.
func TestAFailureThatSaysUnprintableBytesIsAFailureLikeAnyOther(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "unprintable", title("A"))
	s.Runtime.Inject(fake.Fault{Op: fake.OpActivate, Workspace: "unprintable", Times: 1, Err: &runtime.BootError{
		Code: orbit.CodeBootFailed, Message: "a bad\x00 byte", LogTail: []string{"and a worse\x00 \xff one"},
	}})
	change := declare(t, c, "unprintable", title("B"))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if p := change.Problem; !strings.Contains(p.Detail, "a bad byte") || !slices.Equal(p.LogTail, []string{"and a worse \uFFFD one"}) {
		t.Errorf("the problem is %+v, want the texts without the bytes", p)
	}
	remove(t, c, "unprintable")
}
