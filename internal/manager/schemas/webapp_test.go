package schemas_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/schemas"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

func TestABuiltWebAppHasItsSchemasWithIt(t *testing.T) {
	t.Parallel()
	keeper, err := schemas.New(schemas.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	app := webapp.App{Dir: t.TempDir(), Hash: "one"}
	if _, err := keeper.OfWebApp(app); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an app without schemas: %v", err)
	}
	file := filepath.Join(app.Dir, "dist", ".config-schema.json")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.OfWebApp(app); err == nil {
		t.Error("half a file is taken for no schemas")
	}
	const text = `{"backstageConfigSchemaVersion":1,"schemas":[{"packageName":"@acme/plugin-graphs","path":"p","value":{"type":"object"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		set, err := keeper.OfWebApp(app)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"@acme/plugin-graphs"}, set.Packages()); diff != "" {
			t.Error(diff)
		}
		if err := os.RemoveAll(app.Dir); err != nil { // it is read once
			t.Fatal(err)
		}
	}
}
