package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v3"
)

// runPlan runs `orbitd plan` in a folder with the given files and returns what it prints and its exit code. Arguments
// that name a file of the folder are made to.
func runPlan(t *testing.T, files map[string]string, arguments ...string) (output string, code int) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, argument := range arguments {
			arguments[i] = strings.ReplaceAll(argument, "{"+name+"}", path)
		}
	}
	var out bytes.Buffer
	root := command()
	root.Writer, root.ErrWriter = &out, &out
	err := root.Run(t.Context(), append([]string{"orbitd", "plan"}, arguments...))
	var coded cli.ExitCoder
	switch {
	case errors.As(err, &coded):
		code = coded.ExitCode()
		out.WriteString(err.Error())
	case err != nil:
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), dir+"/", ""), code
}

func TestPlanSaysWhatAChangeCosts(t *testing.T) {
	t.Parallel()
	const (
		proxyA = "proxy: {endpoints: {/a: 'http://a.test'}}\n"
		proxyB = "proxy: {endpoints: {/a: 'http://b.test'}}\n"
	)
	for name, c := range map[string]struct {
		files     map[string]string
		arguments []string
		want      string
		code      int
	}{
		"nothing": {
			files:     map[string]string{"a.yaml": "app: {title: x}", "b.yaml": "# comment\n{\"app\": {\"title\": \"x\"}}"},
			arguments: []string{"--before", "{a.yaml}", "--after", "{b.yaml}"},
			want:      "impact: none\n",
		},
		"a live change": {
			files:     map[string]string{"a.yaml": proxyA, "b.yaml": proxyB},
			arguments: []string{"--before", "{a.yaml}", "--after", "{b.yaml}"},
			want: "impact: live\n  proxy.endpoints[\"/a\"]: live, because it changed, and the proxy builds its routes anew " +
				"whenever its endpoints change\n",
		},
		"a problem": {
			files:     map[string]string{"a.yaml": "app: {title: '${NAME}'}", "b.yaml": "backend:\n  listen: ':80'\napp: {title: '${NAME}'}\n"},
			arguments: []string{"--before", "{a.yaml}", "--after", "{b.yaml}", "--secrets", "OTHER, ANOTHER", "--json"},
			code:      exitProblems,
			want: `{
  "impact": "restart",
  "reasons": [
    {
      "path": "backend",
      "impact": "restart",
      "because": "it was added, and nothing is known to take up a change of it while the process runs"
    }
  ],
  "problems": [
    {
      "code": "managed_key",
      "path": "backend.listen",
      "severity": "error",
      "message": "orbitd sets backend.listen itself: the process listens on an address that the gateway knows; remove the key (line 2, column 3)"
    },
    {
      "code": "undefined_secret",
      "path": "app.title",
      "severity": "error",
      "message": "${NAME} refers to a secret or variable that is not defined; add NAME to secrets_wo or, if it is no secret, to the instance's variables, or give a default as in ${NAME:-default}, or write $${NAME} for the text itself; in HCL each of these takes one more $, as in $${NAME} (line 3, column 7)"
    }
  ]
}
`,
		},
		"references without --secrets": {
			files:     map[string]string{"a.yaml": "app: {title: '${NAME}'}", "b.yaml": "app: {title: '${NAME}'}"},
			arguments: []string{"--before", "{a.yaml}", "--after", "{b.yaml}", "--json"},
			want:      "{\n  \"impact\": \"none\",\n  \"reasons\": [],\n  \"problems\": []\n}\n",
		},
		"a document that cannot be read": {
			files:     map[string]string{"a.yaml": "- 1", "b.yaml": ""},
			arguments: []string{"--before", "{a.yaml}", "--after", "{b.yaml}"},
			code:      exitProblems,
			want:      "impact: unknown\nerror: the state before: ",
		},
		"plugins": {
			files: map[string]string{
				"a.yaml": "", "before.txt": "# what runs\n@x/plugin-a-backend@1.0.0=a/fragment.yaml\n\nplugin-b@2.0.0\n",
				"a/fragment.yaml": "a: {b: 1}\n", "fragment.yaml": "a: {b: 2}\n",
			},
			arguments: []string{
				"--before", "{a.yaml}", "--after", "{a.yaml}", "--plugins-before", "{before.txt}",
				"--plugins-after", "@x/plugin-a-backend@1.0.0={fragment.yaml}, plugin-b@2.0.1",
			},
			want: "impact: upgrade\n  a.b: restart, because it changed, and nothing is known to take up a change of it while the " +
				"process runs\n  plugins.plugin-b.version: upgrade, because it changed from 2.0.0 to 2.0.1, and code of " +
				"another version meets the database, unless it is a part of the web app\n",
		},
		"a range": {
			files: map[string]string{"a.yaml": "", "p.yaml": "a: 1"},
			arguments: []string{
				"--before", "{a.yaml}", "--after", "{a.yaml}", "--plugins-before", "p@>=1.0.0 <2={p.yaml}", "--plugins-after", "p@^1.0.0={p.yaml}",
			},
			want: "impact: upgrade\n  plugins.p.version: upgrade, because it changed from >=1.0.0 <2 to ^1.0.0, and code of another " +
				"version meets the database, unless it is a part of the web app\nwarning: version: p: ^1.0.0 is a range, which counts here as a version of its own",
		},
		"plugins that are in conflict": {
			files:     map[string]string{"a.yaml": "", "p.yaml": "a: 1", "q.yaml": "a: 2"},
			arguments: []string{"--before", "{a.yaml}", "--after", "{a.yaml}", "--plugins-after", "p@1.0.0={p.yaml},q@latest={q.yaml}"},
			code:      exitProblems,
			want:      "impact: restart\n",
		},
		"no such file": {
			arguments: []string{"--before", "/nowhere.yaml", "--after", "/nowhere.yaml"},
			code:      exitUsage, want: "read the app-config: open /nowhere.yaml",
		},
		"no such list": {
			files:     map[string]string{"a.yaml": ""},
			arguments: []string{"--before", "{a.yaml}", "--after", "{a.yaml}", "--plugins-after", "plugin-x"},
			code:      exitUsage, want: `"plugin-x" is not PACKAGE@VERSION, and no file`,
		},
		"a plugin twice": {
			files:     map[string]string{"a.yaml": ""},
			arguments: []string{"--before", "{a.yaml}", "--after", "{a.yaml}", "--plugins-after", "p@1.0.0,p@1.0.1"},
			code:      exitUsage, want: "the plugin p is in the list twice",
		},
		"a missing flag":  {arguments: []string{"--after", "x"}, code: exitUsage, want: "before"},
		"an unknown flag": {arguments: []string{"--befor", "x"}, code: exitUsage, want: "befor"},
		"an argument": {
			files:     map[string]string{"a.yaml": ""},
			arguments: []string{"--before", "{a.yaml}", "--after", "{a.yaml}", "stray"}, code: exitUsage, want: `no argument "stray"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, code := runPlan(t, c.files, c.arguments...)
			if code != c.code {
				t.Errorf("the exit code is %d, want %d", code, c.code)
			}
			whole := strings.HasSuffix(c.want, "\n") && c.code == 0 || strings.HasSuffix(c.want, "}\n")
			if whole && got != c.want {
				t.Error(cmp.Diff(c.want, got))
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}
