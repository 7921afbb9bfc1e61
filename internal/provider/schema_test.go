package provider_test

import (
	"maps"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// harmless are attributes that sound like a secret and are none.
var harmless = map[string]string{
	"provider orbit.token_file":                                 "the path of a file",
	"provider orbit.client_key_file":                            "the path of a file",
	"resource orbit_backstage_instance.literal_secrets":         "a rule: warn or deny",
	"resource orbit_workspace_token.token_id":                   "which one it is, not the token",
	"data source orbit_backstage_instance.literal_secrets":      "a rule: warn or deny",
	"data source orbit_backstage_instance.secret_names":         "names, which orbitd shows",
	"data source orbit_backstage_instance.plugins.secret_names": "names, which orbitd shows",
}

func TestEverythingIsDescribedDocumentedAndKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	c := newCore(t, nil)
	identities, err := c.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	all := census{schemas: c.schema, identities: identities.IdentitySchemas, repository: os.DirFS("../.."), harmless: harmless}
	for _, missing := range all.take() {
		t.Error(missing)
	}
}

// tidy is a provider with one thing of each kind, and a repository, in which nothing is missing.
func tidy() census {
	block := func() *tfprotov6.Schema {
		return &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Description: "It is.", Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "name", Type: tftypes.String, Description: "Its name."},
			{Name: "token", Type: tftypes.String, Description: "A secret.", Sensitive: true},
			{Name: "secrets_wo", Type: tftypes.Map{ElementType: tftypes.String}, Description: "Secrets.", WriteOnly: true},
			{Name: "secrets_wo_version", Type: tftypes.Number, Description: "Their version."},
			{Name: "timeouts", Description: "How long to wait.", NestedType: &tfprotov6.SchemaObject{Attributes: []*tfprotov6.SchemaAttribute{
				{Name: "read", Type: tftypes.String, Description: "For a read."},
			}}},
		}}}
	}
	page := &fstest.MapFile{Data: []byte("- `name` (String)\n- `token` (String)\n- `secrets_wo` (Map)\n- `secrets_wo_version` (Number)\n- `timeouts` (Object)\n")}
	example := &fstest.MapFile{Data: []byte(`"orbit_x" {}`)}
	return census{
		schemas: &tfprotov6.GetProviderSchemaResponse{
			Provider:                 block(),
			ResourceSchemas:          map[string]*tfprotov6.Schema{"orbit_x": block()},
			DataSourceSchemas:        map[string]*tfprotov6.Schema{"orbit_x": block()},
			EphemeralResourceSchemas: map[string]*tfprotov6.Schema{"orbit_x": block()},
			ListResourceSchemas:      map[string]*tfprotov6.Schema{"orbit_x": block()},
			ActionSchemas:            map[string]*tfprotov6.ActionSchema{"orbit_x": {Schema: block()}},
			Functions: map[string]*tfprotov6.Function{"f": {
				Summary: "It does", Description: "It does it.",
				Parameters:        []*tfprotov6.FunctionParameter{{Name: "a", Description: "One."}},
				VariadicParameter: &tfprotov6.FunctionParameter{Name: "b", Description: "More."},
			}},
		},
		identities: map[string]*tfprotov6.ResourceIdentitySchema{"orbit_x": {IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
			{Name: "name", Description: "Its name."},
		}}},
		repository: fstest.MapFS{
			"docs/index.md": page, "examples/provider/provider.tf": {Data: []byte(`provider "orbit" {}`)},
			"docs/resources/x.md": page, "examples/resources/orbit_x/resource.tf": example,
			"examples/resources/orbit_x/import.sh":              {Data: []byte("terraform import orbit_x.x id")},
			"examples/resources/orbit_x/import-by-string-id.tf": example, "examples/resources/orbit_x/import-by-identity.tf": example,
			"docs/data-sources/x.md": page, "examples/data-sources/orbit_x/data-source.tf": example,
			"docs/ephemeral-resources/x.md": page, "examples/ephemeral-resources/orbit_x/ephemeral-resource.tf": example,
			"docs/actions/x.md": page, "examples/actions/orbit_x/action.tf": example,
			"docs/list-resources/x.md": page, "examples/list-resources/orbit_x/list-resource.tfquery.hcl": example,
			"docs/functions/f.md": {Data: []byte("1. `a` (String)\n1. `b` (Variadic)\n")}, "examples/functions/f/function.tf": {Data: []byte("provider::orbit::f()")},
		},
	}
}

func TestTheCensusFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	resource := func(c *census) *tfprotov6.SchemaBlock { return c.schemas.ResourceSchemas["orbit_x"].Block }
	without := func(files ...string) func(*census) {
		return func(c *census) {
			repository := maps.Clone(c.repository.(fstest.MapFS))
			for _, file := range files {
				delete(repository, file)
			}
			c.repository = repository
		}
	}
	for name, test := range map[string]struct {
		spoil func(*census)
		want  []string
	}{
		"nothing":       {func(*census) {}, nil},
		"a description": {func(c *census) { resource(c).Attributes[0].Description = " " }, []string{"resource orbit_x.name has no description"}},
		"a nested description": {
			func(c *census) { resource(c).Attributes[4].NestedType.Attributes[0].Description = "" },
			[]string{"resource orbit_x.timeouts.read has no description"},
		},
		"the whole description": {func(c *census) { resource(c).Description = "" }, []string{"resource orbit_x has no description"}},
		"a block's description": {
			func(c *census) {
				resource(c).BlockTypes = []*tfprotov6.SchemaNestedBlock{{TypeName: "b", Block: &tfprotov6.SchemaBlock{}}}
			},
			[]string{"resource orbit_x.b has no description"},
		},
		"sensitive": {
			func(c *census) { resource(c).Attributes[1].Sensitive = false },
			[]string{"resource orbit_x.token sounds like a secret, and is neither sensitive nor write-only"},
		},
		"write-only": {
			func(c *census) { c.schemas.ActionSchemas["orbit_x"].Schema.Block.Attributes[2].WriteOnly = false },
			[]string{"action orbit_x.secrets_wo sounds like a secret, and is neither sensitive nor write-only"},
		},
		"an excuse": {
			func(c *census) {
				resource(c).Attributes[1].Sensitive = false
				c.harmless = map[string]string{"resource orbit_x.token": "made up", "resource orbit_x.name": "needless"}
			},
			[]string{"resource orbit_x.name is called harmless, and nothing finds fault with it"},
		},
		"an identity":               {func(c *census) { c.identities = nil }, []string{"resource orbit_x has no identity"}},
		"an identity's description": {func(c *census) { c.identities["orbit_x"].IdentityAttributes[0].Description = "" }, []string{"identity of resource orbit_x.name has no description"}},
		"import": {
			without("examples/resources/orbit_x/import.sh", "examples/resources/orbit_x/import-by-identity.tf", "examples/resources/orbit_x/import-by-string-id.tf"),
			[]string{
				"resource orbit_x has no example in examples/resources/orbit_x/import-by-identity.tf",
				"resource orbit_x has no example in examples/resources/orbit_x/import-by-string-id.tf",
				"resource orbit_x has no example in examples/resources/orbit_x/import.sh",
			},
		},
		"an example of something else": {
			func(c *census) {
				without()(c)
				c.repository.(fstest.MapFS)["examples/actions/orbit_x/action.tf"] = &fstest.MapFile{Data: []byte("# later")}
			},
			[]string{"action orbit_x has no example in examples/actions/orbit_x/action.tf"},
		},
		"examples and pages": {
			without("examples/provider/provider.tf", "docs/data-sources/x.md", "docs/ephemeral-resources/x.md",
				"examples/list-resources/orbit_x/list-resource.tfquery.hcl", "examples/functions/f/function.tf", "docs/functions/f.md"),
			[]string{
				"data source orbit_x has no page docs/data-sources/x.md: run make docs",
				"ephemeral resource orbit_x has no page docs/ephemeral-resources/x.md: run make docs",
				"function f has no example in examples/functions/f/function.tf",
				"function f has no page docs/functions/f.md: run make docs",
				"list resource orbit_x has no example in examples/list-resources/orbit_x/list-resource.tfquery.hcl",
				"provider orbit has no example in examples/provider/provider.tf",
			},
		},
		"an attribute on its page": {
			func(c *census) {
				resource(c).Attributes = append(resource(c).Attributes, &tfprotov6.SchemaAttribute{Name: "new", Type: tftypes.Bool, Description: "New."})
			},
			[]string{"docs/resources/x.md does not tell of new: run make docs"},
		},
		"of a function": {
			func(c *census) {
				f := c.schemas.Functions["f"]
				f.Summary, f.Description, f.Parameters[0].Description, f.VariadicParameter.Description = "", "", "", ""
			},
			[]string{"function f has no description", "function f has no summary", "function f.a has no description", "function f.b has no description"},
		},
	} {
		c := tidy()
		test.spoil(&c)
		if diff := cmp.Diff(test.want, c.take()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
