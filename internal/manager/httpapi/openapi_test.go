package httpapi_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
)

func TestTheCheckedInOpenAPIDocumentIsTheCodes(t *testing.T) {
	t.Parallel()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("../../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var code, checkedIn any
	if err := json.Unmarshal(document, &code); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &checkedIn); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(checkedIn, code); diff != "" {
		t.Errorf("docs/openapi.json is not what the code makes; make docs writes it (-checked in +code):\n%s", diff)
	}
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Responses            map[string]any
		}
	}
	if err := json.Unmarshal(document, &api); err != nil {
		t.Fatal(err)
	}
	if len(api.OpenAPI) < 3 || api.OpenAPI[:3] != "3.1" {
		t.Errorf("the document is OpenAPI %s, want 3.1", api.OpenAPI)
	}
	for path, methods := range api.Paths {
		for method, operation := range methods {
			if operation.OperationID == "" || operation.Summary == "" {
				t.Errorf("%s %s has no operationId or no summary", method, path)
			}
			if _, described := operation.Responses["401"]; !described {
				t.Errorf("%s %s does not describe 401", method, path)
			}
		}
	}
}
