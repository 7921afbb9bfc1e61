package process

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheHeapLeavesRoomForTheRestOfTheProcess(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int][]string{
		0:    {"--max-semi-space-size=4"},
		256:  {"--max-semi-space-size=4", "--max-old-space-size=192"},
		1024: {"--max-semi-space-size=4", "--max-old-space-size=768"},
	} {
		if diff := cmp.Diff(want, heapFlags(limit)); diff != "" {
			t.Errorf("heapFlags(%d) (-want +got):\n%s", limit, diff)
		}
	}
}
