package npm

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPartOfAManifestOfAnotherFormCostsOnlyItself(t *testing.T) {
	t.Parallel()
	var got Manifest
	err := json.Unmarshal([]byte(`{
		"name": "n", "version": "1.0.0", "engines": ["node >= 4"], "deprecated": true, "main": {"a": 1},
		"dependencies": {"a": "^1"}, "peerDependencies": null,
		"backstage": {"role": "backend-plugin", "pluginId": 7, "features": {".": "@backstage/BackendFeature"}},
		"dist": {"unpackedSize": "many", "integrity": "sha512-x"}
	}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{
		Name: "n", Version: "1.0.0", Dependencies: map[string]string{"a": "^1"},
		Backstage: Backstage{Role: RoleBackendPlugin, Features: map[string]string{".": BackendFeature}},
		Dist:      Dist{Integrity: "sha512-x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestAnAnswerThatIsNoObjectIsNoManifest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"1.0.0"`, `[]`, `<html>`, ``} {
		if err := json.Unmarshal([]byte(text), new(Manifest)); err == nil {
			t.Errorf("%q passes for a manifest", text)
		}
	}
}
