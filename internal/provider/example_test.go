package provider_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const examplesDir = "../../examples"

// querySince is the oldest Terraform that has `terraform query`.
const querySince = "1.14.0"

// trial says how a file of the examples is tried.
type trial int

const (
	untried     trial = iota // nobody knows how
	onPage                   // shown on a page of the documentation: planned as a module, beside all others
	imports                  // import blocks, validated beside the resource that they name
	query                    // asked with terraform query
	composition              // a folder's configuration, planned as it stands
	part                     // belongs to the configuration beside it, or to a module that has tests of its own
	shown                    // for people, or for another tool
)

// example is what is known of a file by its path below examples.
type example struct {
	pattern string
	trial   trial
	// since is the oldest Terraform that knows what is in the file; "" is any.
	since string
}

// examples say how each file of the examples is tried, the first match first. A file that none matches is an error: an
// example that nobody tries is wrong one day.
var examples = []example{
	{"provider/provider*.tf", composition, ""},
	{"resources/*/resource*.tf", onPage, ""},
	{"resources/*/import-by-string-id.tf", imports, ""},
	{"resources/*/import-by-identity.tf", imports, "1.12.0"},
	{"resources/*/import.sh", shown, ""},
	{"data-sources/*/data-source*.tf", onPage, ""},
	{"ephemeral-resources/*/ephemeral-resource*.tf", onPage, ""},
	{"functions/*/function*.tf", onPage, ""},
	{"actions/*/action*.tf", onPage, "1.14.0"},
	{"list-resources/*/list-resource*.tfquery.hcl", query, querySince},
	{"modules/*/*.tf", part, ""},
	{"modules/*/tests/*.tftest.hcl", part, ""},
	{"modules/*/README.md", shown, ""},
	{"*/main.tf", composition, ""},
	{"*/*.tf", part, ""},
	{"*/*.tfvars", part, ""},
	{"*/*/*.yaml", part, ""},
	{"policy/*", shown, ""},
}

// exampleOf says how a file is tried.
func exampleOf(file string) example {
	for _, e := range examples {
		if matches, _ := path.Match(e.pattern, file); matches {
			return e
		}
	}
	return example{}
}

// everyExample is the list of the paths of all examples' files, without what a Terraform that somebody ran there left behind.
func everyExample(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(examplesDir), ".", func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case name == ".terraform":
			return fs.SkipDir
		case !entry.IsDir() && !strings.HasPrefix(name, ".terraform") && !strings.HasPrefix(name, "terraform.tfstate"):
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// copyExamples puts a copy of all examples into a new folder, so that they find each other and nothing is left behind.
func copyExamples(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range everyExample(t) {
		writeFile(t, filepath.Join(dir, file), readFile(t, filepath.Join(examplesDir, file)))
	}
	return dir
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

var variableBlock = regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}`)

// neededVariables are the variables of a configuration that have no default.
func neededVariables(hcl string) []string {
	var names []string
	for _, block := range variableBlock.FindAllStringSubmatch(hcl, -1) {
		if !strings.Contains(block[2], "default") {
			names = append(names, block[1])
		}
	}
	return names
}

func TestSomebodyTriesEveryExample(t *testing.T) {
	t.Parallel()
	for _, file := range everyExample(t) {
		if exampleOf(file).trial == untried {
			t.Errorf("examples/%s: no test knows how to try it; add it to the list of examples, with its trial", file)
		}
	}
}
