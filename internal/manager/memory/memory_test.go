package memory

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestTheScarcestCounts(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	machine := map[string]string{
		"proc/meminfo": "MemTotal:       8388608 kB\nMemFree:         524288 kB\nMemAvailable:    4194304 kB\n",
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  State
	}{
		"the machine's, without control groups": {nil, State{8192 * mib, 4096 * mib}},
		"the machine's, in a group without a limit": {
			map[string]string{"proc/self/cgroup": "0::/system.slice/orbitd.service\n", "sys/fs/cgroup/system.slice/orbitd.service/memory.max": "max\n"},
			State{8192 * mib, 4096 * mib},
		},
		"the group's, without what is only cached": {
			map[string]string{
				"proc/self/cgroup":                           "1:name=systemd:/x\n0::/orbit.service\n",
				"sys/fs/cgroup/orbit.service/memory.max":     "1073741824\n",
				"sys/fs/cgroup/orbit.service/memory.current": "943718400\n",
				"sys/fs/cgroup/orbit.service/memory.stat":    "anon 1\ninactive_file 104857600\n",
			},
			State{1024 * mib, 224 * mib},
		},
		"that of a group above": {
			map[string]string{
				"proc/self/cgroup":                    "0::/a/b\n",
				"sys/fs/cgroup/a/b/memory.max":        "max\n",
				"sys/fs/cgroup/a/memory.max":          "2147483648\n",
				"sys/fs/cgroup/a/memory.current":      "2147483648\n",
				"sys/fs/cgroup/memory.max":            "3221225472\n",
				"sys/fs/cgroup/memory.current":        "1073741824\n",
				"sys/fs/cgroup/a/memory.swap.current": "0\n",
			},
			State{2048 * mib, 0},
		},
		"the container's own": {
			map[string]string{
				"proc/self/cgroup":             "0::/\n",
				"sys/fs/cgroup/memory.max":     "1073741824\n",
				"sys/fs/cgroup/memory.current": "524288000\n",
			},
			State{1024 * mib, 524 * mib},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{}
			for _, files := range []map[string]string{machine, c.files} {
				for path, content := range files {
					root[path] = &fstest.MapFile{Data: []byte(content)}
				}
			}
			got, err := read(root)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThisMachineHasMemory(t *testing.T) {
	t.Parallel()
	got, err := Read()
	if err != nil || got.Total <= 0 || got.Available <= 0 || got.Available > got.Total {
		t.Errorf("Read = %+v, %v", got, err)
	}
}

func TestAKernelThatDoesNotSayIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := read(fstest.MapFS{"proc/meminfo": &fstest.MapFile{Data: []byte("MemTotal: 1 kB\n")}}); err == nil {
		t.Error("a machine that does not tell its memory gives no error")
	}
}
