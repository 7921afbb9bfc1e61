package provider_test

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// census reads every schema of a provider, and says what is missing in it and beside it in the repository.
type census struct {
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
	repository fs.FS
	// harmless are attributes that sound like a secret, as "resource orbit_x.token_name", and why they are none.
	harmless map[string]string

	missing []string
	spared  map[string]bool
}

// kind is a kind of things that a provider has.
type kind struct {
	name string
	// page is where the registry looks for the page of each, examples are what tfplugindocs puts on it.
	page     string
	examples []string
}

var (
	providerKind  = kind{"provider", "docs/index.md", []string{"examples/provider/provider.tf"}}
	resourceKind  = kind{"resource", "docs/resources/%s.md", []string{"examples/resources/%s/resource.tf", "examples/resources/%s/import.sh", "examples/resources/%s/import-by-string-id.tf", "examples/resources/%s/import-by-identity.tf"}}
	dataKind      = kind{"data source", "docs/data-sources/%s.md", []string{"examples/data-sources/%s/data-source.tf"}}
	ephemeralKind = kind{"ephemeral resource", "docs/ephemeral-resources/%s.md", []string{"examples/ephemeral-resources/%s/ephemeral-resource.tf"}}
	actionKind    = kind{"action", "docs/actions/%s.md", []string{"examples/actions/%s/action.tf"}}
	listKind      = kind{"list resource", "docs/list-resources/%s.md", []string{"examples/list-resources/%s/list-resource.tfquery.hcl"}}
	functionKind  = kind{"function", "docs/functions/%s.md", []string{"examples/functions/%s/function.tf"}}
)

// take returns what is missing, sorted.
func (c *census) take() []string {
	c.missing, c.spared = nil, map[string]bool{}
	c.block(providerKind, "orbit", c.schemas.Provider)
	each(c.schemas.ResourceSchemas, func(name string, schema *tfprotov6.Schema) {
		c.block(resourceKind, name, schema)
		c.identity(name)
	})
	each(c.schemas.DataSourceSchemas, func(name string, schema *tfprotov6.Schema) { c.block(dataKind, name, schema) })
	each(c.schemas.EphemeralResourceSchemas, func(name string, schema *tfprotov6.Schema) { c.block(ephemeralKind, name, schema) })
	each(c.schemas.ListResourceSchemas, func(name string, schema *tfprotov6.Schema) { c.block(listKind, name, schema) })
	each(c.schemas.ActionSchemas, func(name string, action *tfprotov6.ActionSchema) { c.block(actionKind, name, action.Schema) })
	each(c.schemas.Functions, c.function)
	for attribute := range c.harmless {
		if !c.spared[attribute] {
			c.miss("%s is called harmless, and nothing finds fault with it", attribute)
		}
	}
	slices.Sort(c.missing)
	return c.missing
}

func each[T any](things map[string]T, look func(string, T)) {
	for _, name := range slices.Sorted(maps.Keys(things)) {
		look(name, things[name])
	}
}

func (c *census) miss(format string, args ...any) {
	c.missing = append(c.missing, fmt.Sprintf(format, args...))
}

func (c *census) block(kind kind, name string, schema *tfprotov6.Schema) {
	thing := kind.name + " " + name
	c.described(thing, schema.Block.Description)
	c.attributes(thing, schema.Block.Attributes)
	c.blocks(thing, schema.Block.BlockTypes)
	var named []string
	for _, attribute := range schema.Block.Attributes {
		named = append(named, attribute.Name)
	}
	c.documented(kind, name, named)
}

func (c *census) blocks(parent string, blocks []*tfprotov6.SchemaNestedBlock) {
	for _, block := range blocks {
		name := parent + "." + block.TypeName
		c.described(name, block.Block.Description)
		c.attributes(name, block.Block.Attributes)
		c.blocks(name, block.Block.BlockTypes)
	}
}

func (c *census) attributes(parent string, attributes []*tfprotov6.SchemaAttribute) {
	for _, attribute := range attributes {
		name := parent + "." + attribute.Name
		c.described(name, attribute.Description)
		if attribute.NestedType != nil {
			c.attributes(name, attribute.NestedType.Attributes)
			continue
		}
		if !soundsSecret(attribute.Name) || !hasText(attribute.Type) || attribute.Sensitive || attribute.WriteOnly {
			continue
		}
		if c.harmless[name] != "" {
			c.spared[name] = true
			continue
		}
		c.miss("%s sounds like a secret, and is neither sensitive nor write-only", name)
	}
}

// soundsSecret says whether one of the words in a name is that of a secret.
func soundsSecret(name string) bool { return secretWord.MatchString(name) }

var secretWord = regexp.MustCompile(`(?i)(^|_)(tokens?|secrets?|passwords?|passphrase|credentials?|private|keys?|jwt|bearer|pem)(_|$)`)

// hasText says whether values of the type have strings in them.
func hasText(typ tftypes.Type) bool {
	switch typ := typ.(type) {
	case tftypes.List:
		return hasText(typ.ElementType)
	case tftypes.Set:
		return hasText(typ.ElementType)
	case tftypes.Map:
		return hasText(typ.ElementType)
	default:
		return !typ.Is(tftypes.Number) && !typ.Is(tftypes.Bool)
	}
}

func (c *census) identity(name string) {
	schema := c.identities[name]
	if schema == nil || len(schema.IdentityAttributes) == 0 {
		c.miss("resource %s has no identity", name)
		return
	}
	for _, attribute := range schema.IdentityAttributes {
		c.described("identity of resource "+name+"."+attribute.Name, attribute.Description)
	}
}

func (c *census) function(name string, function *tfprotov6.Function) {
	thing := "function " + name
	c.described(thing, function.Description)
	if function.Summary == "" {
		c.miss("%s has no summary", thing)
	}
	parameters := function.Parameters
	if function.VariadicParameter != nil {
		parameters = append(slices.Clone(parameters), function.VariadicParameter)
	}
	var named []string
	for _, parameter := range parameters {
		c.described(thing+"."+parameter.Name, parameter.Description)
		named = append(named, parameter.Name)
	}
	c.documented(functionKind, name, named)
}

func (c *census) described(name, description string) {
	if strings.TrimSpace(description) == "" {
		c.miss("%s has no description", name)
	}
}

// documented looks for the examples, and for a page that tells of all attributes, or arguments.
func (c *census) documented(kind kind, name string, attributes []string) {
	for _, example := range kind.examples {
		file := strings.ReplaceAll(example, "%s", name)
		if content, err := fs.ReadFile(c.repository, file); err != nil || !strings.Contains(string(content), name) {
			c.miss("%s %s has no example in %s", kind.name, name, file)
		}
	}
	page := strings.ReplaceAll(kind.page, "%s", strings.TrimPrefix(name, "orbit_"))
	content, err := fs.ReadFile(c.repository, page)
	if err != nil {
		c.miss("%s %s has no page %s: run make docs", kind.name, name, page)
		return
	}
	for _, attribute := range attributes {
		if !strings.Contains(string(content), "- `"+attribute+"` ") && !strings.Contains(string(content), "1. `"+attribute+"` ") {
			c.miss("%s does not tell of %s: run make docs", page, attribute)
		}
	}
}
