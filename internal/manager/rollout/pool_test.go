package rollout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheMostCommonKindsStandBy(t *testing.T) {
	t.Parallel()
	plain, large := kind{bundle: "a", memoryLimitMiB: 1024}, kind{bundle: "a", memoryLimitMiB: 2048}
	other := kind{bundle: "b", memoryLimitMiB: 1024}
	for name, c := range map[string]struct {
		instances []kind
		most      int
		want      []kind
	}{
		"none without instances":                   {nil, 2, nil},
		"none where there shall be none":           {[]kind{plain}, 0, nil},
		"one for instances of a kind":              {[]kind{plain, plain}, 2, []kind{plain}},
		"the most common ones":                     {[]kind{large, other, plain, other, plain, plain}, 2, []kind{plain, other}},
		"always the same of equally common kinds":  {[]kind{other, large, plain}, 2, []kind{plain, large}},
		"another memory limit needs another, too":  {[]kind{large, plain}, 3, []kind{plain, large}},
		"as does another set of packages, of many": {[]kind{other, other, plain}, 1, []kind{other}},
	} {
		got := wanted(c.instances, c.most)
		if len(got)+len(c.want) > 0 && !cmp.Equal(c.want, got, cmp.AllowUnexported(kind{})) {
			t.Errorf("%s: %v is wanted, want %v", name, got, c.want)
		}
	}
	if got := missing([]kind{plain, other}, []kind{other, large}); !cmp.Equal([]kind{plain}, got, cmp.AllowUnexported(kind{})) {
		t.Errorf("missing is %v, want %v", got, plain)
	}
}
