package provider_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// older says whether the project's Terraform is older than a version.
func (tf *project) older(t *testing.T, than string) bool {
	t.Helper()
	if than == "" {
		return false
	}
	command := exec.CommandContext(t.Context(), tf.program, "version", "-json")
	command.Env = tf.env
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var version struct {
		Version *semver.Version `json:"terraform_version"`
	}
	if err := json.Unmarshal(output, &version); err != nil {
		t.Fatal(err)
	}
	return version.Version.LessThan(semver.MustParse(than))
}

// exampleInstance makes the instance that data sources and the like of the examples read.
func (m manager) exampleInstance(t *testing.T) {
	t.Helper()
	client := m.client(t)
	change, err := client.PutInstance(t.Context(), m.workspace, orbit.IfAbsent(), orbit.InstanceWrite{InstanceSpec: orbit.InstanceSpec{
		Release: provider.DefaultRelease, MemoryLimitMiB: orbit.DefaultMemoryLimitMiB, Labels: map[string]string{"team": "payments"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.WaitChange(t.Context(), change.ID, nil); err != nil {
		t.Fatal(err)
	}
}

// requirement says where the provider comes from, for an example that leaves it to the reader.
const requirement = "terraform {\n  required_providers {\n    orbit = { source = \"orbit-idp/orbit\" }\n  }\n}\n"

var (
	importTarget = regexp.MustCompile(`(?m)^(\s*to\s*=\s*)`)
	// readsInstance is a block that reads the instance of a workspace.
	readsInstance = regexp.MustCompile(`(?m)^((?:data|ephemeral|action|list) .*\n(?:  provider = orbit\n\n)?(?:  config \{\n)?\s+workspace\s*=) "acme"`)
)

// The examples of pages are planned in one go, each as a module of one configuration: a plan for each would take minutes.
func TestAccEveryPageExampleCanBePlanned(t *testing.T) {
	t.Parallel()
	m := realManager(t, "examples")
	tf := openProject(t, m, t.TempDir())
	var main strings.Builder
	blocks := map[string]string{} // by the file's name: a resource has one import block
	main.WriteString(requirement)
	for _, file := range everyExample(t) {
		e := exampleOf(file)
		if e.trial != onPage && e.trial != imports {
			continue
		}
		if tf.older(t, e.since) {
			t.Logf("%s is left out: it needs Terraform %s", file, e.since)
			continue
		}
		hcl := readFile(t, filepath.Join(examplesDir, file))
		if e.trial == imports {
			blocks[path.Base(file)] += importTarget.ReplaceAllString(hcl, "${1}module."+moduleName(path.Dir(file)+"/resource.tf")+".")
			continue
		}
		if !strings.Contains(hcl, "required_providers") {
			hcl = requirement + hcl
		}
		writeFile(t, filepath.Join(tf.dir, moduleName(file), "main.tf"), readsInstance.ReplaceAllString(hcl, `$1 "`+m.workspace+`"`))
		fmt.Fprintf(&main, "module %q {\n  source = \"./%[1]s\"\n", moduleName(file))
		for _, variable := range neededVariables(hcl) {
			fmt.Fprintf(&main, "  %s = \"example\"\n", variable)
		}
		main.WriteString("}\n")
	}
	m.exampleInstance(t)

	// What would be imported is not there, so a plan would fail for another reason.
	tf.write(t, main.String())
	tf.do(t, "init")
	for _, imported := range blocks {
		tf.write(t, main.String()+imported)
		tf.do(t, "validate")
	}
	tf.write(t, main.String())
	want(t, tf.plan(t), " to add, 0 to change, 0 to destroy.")
}

// moduleName is the name of the module that an example's file becomes.
func moduleName(file string) string {
	return strings.NewReplacer("/", "_", ".tf", "", "-", "_").Replace(file)
}

// variablesOf are more variables for the configurations that need them.
var variablesOf = map[string]string{
	"signing-in":   `-var=client_secrets={"oidc":"a","github":"b","gitlab":"c","google":"d","microsoft":"e"}`,
	"environments": `-var=secrets={"acme":{"GITHUB_TOKEN":"a"},"globex":{"GITHUB_TOKEN":"b"}}`,
}

func TestAccEveryCompositionCanBePlanned(t *testing.T) {
	t.Parallel()
	m := realManager(t, "")
	dir := copyExamples(t)
	for _, file := range everyExample(t) {
		if exampleOf(file).trial != composition {
			continue
		}
		name := path.Dir(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tf := openProject(t, m, filepath.Join(dir, name))
			tf.do(t, "init")
			tf.do(t, "validate")
			sets, err := filepath.Glob(filepath.Join(tf.dir, "*.tfvars"))
			if err != nil {
				t.Fatal(err)
			}
			var more []string
			if variable, has := variablesOf[name]; has {
				more = []string{variable}
			}
			if len(sets) == 0 {
				tf.plan(t, more...)
			}
			for _, set := range sets {
				want(t, tf.plan(t, append(more, "-var-file="+set)...), " to add, 0 to change, 0 to destroy.")
			}
		})
	}
}

func TestAccEveryQueryExampleFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	m := realManager(t, "queried")
	tf := openProject(t, m, t.TempDir())
	if tf.older(t, querySince) {
		t.Skipf("needs Terraform %s", querySince)
	}
	for _, file := range everyExample(t) {
		if exampleOf(file).trial != query {
			continue
		}
		hcl := readFile(t, filepath.Join(examplesDir, file))
		writeFile(t, filepath.Join(tf.dir, moduleName(path.Dir(file))+".tfquery.hcl"), readsInstance.ReplaceAllString(hcl, `$1 "`+m.workspace+`"`))
	}
	m.exampleInstance(t)
	tf.write(t, "provider \"orbit\" {}\n")
	tf.do(t, "init")
	want(t, tf.do(t, "query"), m.workspace)
}

func TestAccEveryExampleIsFormatted(t *testing.T) {
	t.Parallel()
	m := anyManager(t, "")
	tf := openProject(t, m, examplesDir)
	tf.do(t, "fmt", "-check", "-diff", "-recursive")
}
