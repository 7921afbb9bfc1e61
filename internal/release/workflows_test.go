package release

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Concurrency struct {
		Group string `yaml:"group"`
	} `yaml:"concurrency"`
	Jobs map[string]job `yaml:"jobs"`
}

type job struct {
	Timeout     int               `yaml:"timeout-minutes"`
	Environment string            `yaml:"environment"`
	Permissions map[string]string `yaml:"permissions"`
	Strategy    struct {
		Matrix struct {
			Include []map[string]string `yaml:"include"`
		} `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []struct {
		Uses string         `yaml:"uses"`
		Run  string         `yaml:"run"`
		With map[string]any `yaml:"with"`
	} `yaml:"steps"`
}

// pinned is an action at a commit, with the version that it is for people and for dependabot.
var pinned = regexp.MustCompile(`^(\S+?)(/\S+)?@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)

func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	commits := map[string]string{}
	for _, name := range glob(t, ".github/workflows/*.yml") {
		for line := range strings.Lines(readFile(t, name)) {
			_, action, found := strings.Cut(line, "uses: ")
			if !found {
				continue
			}
			action = strings.TrimSpace(action)
			match := pinned.FindStringSubmatch(action)
			if match == nil {
				t.Errorf("%s: %q has to be a full commit with its version behind it: @<40 digits> # v1.2.3", name, action)
				continue
			}
			repository, commit := strings.Join(strings.SplitN(match[1]+match[2], "/", 3)[:2], "/"), match[3]+" "+match[4]
			if before, known := commits[repository]; known && before != commit {
				t.Errorf("%s: %s is at %s here and at %s elsewhere", name, repository, commit, before)
			}
			commits[repository] = commit
		}
	}
}

func TestWorkflowsHaveNoMoreThanTheyNeed(t *testing.T) {
	t.Parallel()
	for _, name := range glob(t, ".github/workflows/*.yml") {
		w := readYAML[workflow](t, name)
		if w.Permissions == nil || slices.Contains(slices.Collect(maps.Values(w.Permissions)), "write") {
			t.Errorf("%s: permissions have to be set and read-only; a job that writes says so itself", name)
		}
		if w.Concurrency.Group == "" {
			t.Errorf("%s: no concurrency group", name)
		}
		for id, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: job %s has no timeout-minutes", name, id)
			}
			if j.Permissions["contents"] == "write" && j.Environment == "" {
				t.Errorf("%s: job %s writes the repository without an environment that guards it", name, id)
			}
			for _, step := range j.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
					t.Errorf("%s: job %s leaves the token in the checkout for every later step", name, id)
				}
				if strings.Contains(step.Run, "${{ secrets.") || strings.Contains(step.Run, "${{ github.event.") {
					t.Errorf("%s: job %s puts into a script what belongs in its environment: %s", name, id, step.Run)
				}
			}
		}
	}
}

// The versions that provider and README promise are those that the acceptance tests run with.
func TestTheMatrixCoversEverySupportedVersion(t *testing.T) {
	t.Parallel()
	var got []string
	for _, entry := range readYAML[workflow](t, ".github/workflows/test.yml").Jobs["acceptance"].Strategy.Matrix.Include {
		got = append(got, entry["name"]+" "+entry["version"])
	}
	want := []string{
		"terraform 1.11.*", "terraform 1.12.*", "terraform 1.13.*", "terraform 1.14.*", "terraform 1.15.*",
		"tofu 1.11.*", "tofu 1.12.*",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
