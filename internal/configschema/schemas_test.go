package configschema

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// kept is what schema.mjs printed, for a release or for the plugins.
func kept(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// release is the schemas of the release that the tests are about.
func release(t testing.TB) Set {
	t.Helper()
	return parsed(t, kept(t, backstage.Default().Version))
}

func parsed(t testing.TB, text []byte) Set {
	t.Helper()
	set, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// schemas is the set of the given schemas by package name.
func schemas(t testing.TB, values map[string]string) Set {
	t.Helper()
	read := serialised{Version: 1}
	for name, value := range values {
		read.Schemas = append(read.Schemas, entry{Package: name, Path: name + "/package.json", Value: json.RawMessage(value)})
	}
	text, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, text)
}

// one is the set with the schema of one of Backstage's own packages.
func one(t testing.TB, value string) Set {
	t.Helper()
	return schemas(t, map[string]string{"@backstage/x": value})
}

func document(t testing.TB, text string) appconfig.Document {
	t.Helper()
	parsed, diagnostics := appconfig.Parse(text)
	if orbit.HasErrors(diagnostics) {
		t.Fatalf("%.200s: %s", text, diagnostics[0])
	}
	return parsed
}

// told are the diagnostics without what a test of their kind is not about: "severity code path".
func told(diagnostics []orbit.Diagnostic) []string {
	var lines []string
	for _, d := range diagnostics {
		lines = append(lines, string(d.Severity)+" "+string(d.Code)+" "+d.Path)
	}
	return lines
}

// plugins is the schemas of two dozen packages from several publishers, as they were when these tests were written.
func plugins(t testing.TB) Set {
	t.Helper()
	return parsed(t, kept(t, "plugins"))
}
