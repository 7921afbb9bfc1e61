package appconfig

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Bounds of a document. They are far above any real app-config and keep hostile ones cheap.
const (
	MaxSize  = 1 << 20 // bytes of text
	MaxDepth = 100     // mappings and sequences inside each other
	MaxNodes = 20_000  // keys and values, aliases written out
)

// fault is what is wrong with a document's text, and where.
type fault struct {
	code    orbit.Code
	at      position
	path    Path
	message string
}

func (f *fault) Error() string { return f.message }

func invalid(at position, format string, args ...any) *fault {
	return &fault{code: orbit.CodeInvalidDocument, at: at, message: fmt.Sprintf(format, args...)}
}

func (f *fault) diagnostic() orbit.Diagnostic {
	return orbit.Diagnostic{
		Code: f.code, Severity: orbit.SeverityError, Path: f.path.String(), Message: f.message,
		Line: f.at.line, Column: f.at.column,
	}
}

// Parse reads an app-config document from YAML or JSON. An empty text is the empty document.
//
// When the text cannot be read the document is empty and there is one diagnostic: invalid_document or not_a_mapping.
// Otherwise there is a forbidden_directive for each $file, $include and misused $env. A well-formed {$env: NAME}
// becomes the string "${NAME}", which means the same.
func Parse(text string) (Document, []orbit.Diagnostic) {
	root, f := parse(text)
	if f != nil {
		return Document{}, []orbit.Diagnostic{f.diagnostic()}
	}
	if root.kind == Null {
		return Document{}, nil
	}
	if root.kind != Mapping {
		f := &fault{code: orbit.CodeNotAMapping, at: root.at, message: fmt.Sprintf(
			"an app-config is a mapping of keys such as backend: and catalog:, this one is %s", describe(root.kind))}
		return Document{}, []orbit.Diagnostic{f.diagnostic()}
	}
	root, faults := directives(root)
	diagnostics := make([]orbit.Diagnostic, len(faults))
	for i, f := range faults {
		diagnostics[i] = f.diagnostic()
	}
	if len(diagnostics) == 0 {
		return Document{root}, nil
	}
	return Document{root}, diagnostics
}

func parse(text string) (*node, *fault) {
	if len(text) > MaxSize {
		return nil, invalid(position{}, "the document has %d bytes, at most %d are allowed", len(text), MaxSize)
	}
	// YAML is nearly, but not in all libraries quite, a superset of JSON: surrogate pairs and long keys are the
	// exceptions.
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && json.Valid([]byte(text)) {
		return parseJSON(text)
	}
	return parseYAML(text)
}

// describe names a kind for people.
func describe(kind Kind) string {
	switch kind {
	case Bool:
		return "a boolean"
	case Number:
		return "a number"
	case String:
		return "a string"
	case Mapping:
		return "a mapping"
	case Sequence:
		return "a list"
	case Null:
		return "null"
	default:
		return "missing"
	}
}

// builder keeps a document within its bounds while nodes are made.
type builder struct{ nodes int }

// take counts nodes, written out, and refuses too many.
func (b *builder) take(n int, at position) *fault {
	b.nodes += n
	if b.nodes > MaxNodes {
		return invalid(at, "the document has more than %d keys and values, aliases written out", MaxNodes)
	}
	return nil
}

func (b *builder) descend(depth int, at position) *fault {
	if depth > MaxDepth {
		return invalid(at, "the document is more than %d levels deep", MaxDepth)
	}
	return nil
}

// mappingBuilder collects a mapping's entries and refuses equal keys.
type mappingBuilder struct {
	node *node
	seen map[string]position
}

func newMapping(at position) *mappingBuilder {
	return &mappingBuilder{&node{kind: Mapping, at: at, size: 1}, map[string]position{}}
}

func (m *mappingBuilder) admit(key string, at position) *fault {
	if key == "__proto__" {
		return invalid(at, "the key __proto__ is not allowed, JavaScript gives it a meaning of its own")
	}
	if first, ok := m.seen[key]; ok {
		return invalid(at, "the key %q is set twice, first in line %d", key, first.line)
	}
	m.seen[key] = at
	return nil
}

func (m *mappingBuilder) set(key string, at position, value *node) {
	m.node.entries = append(m.node.entries, entry{key, at, value})
	m.node.size += value.size
}
