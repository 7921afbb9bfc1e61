package appconfig

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// referencePattern is what Backstage's substitution takes for a reference. "$${NAME}" is an escaped one: it stands for
// the text "${NAME}".
var referencePattern = regexp.MustCompile(`\$?\$\{[^{}]*\}`)

// Reference is one ${NAME} or ${NAME:-default} in a document.
type Reference struct {
	// Name is the name of a secret or variable, without spaces around it; "" for an empty reference.
	Name string
	// Path is the string that holds the reference.
	Path Path
	// HasDefault says that the reference has a ":-" part, so that the name may be undefined.
	HasDefault bool
	// Default is what stands in when the secret is undefined or empty. An empty one makes Backstage drop the key.
	Default string
	// Line and Column are where the string begins, from 1; 0 when unknown.
	Line, Column int
}

// part is a piece of a string: literal text or a reference.
type part struct {
	text        string // literal text, or the default
	name        string
	isReference bool
	hasFallback bool
}

// split cuts a string into literal text and references as Backstage's substitution does.
func split(text string) []part {
	var parts []part
	end := 0
	for _, at := range referencePattern.FindAllStringIndex(text, -1) {
		if at[0] > end {
			parts = append(parts, part{text: text[end:at[0]]})
		}
		end = at[1]
		match := text[at[0]:at[1]]
		if strings.HasPrefix(match, "$$") {
			parts = append(parts, part{text: match[1:]})
			continue
		}
		inner := match[2 : len(match)-1]
		// Backstage looks for ":-" in the whole "${…}", where it cannot stand before the brace.
		name, fallback, has := strings.Cut(inner, ":-")
		parts = append(parts, part{name: trim(name), isReference: true, hasFallback: has, text: trim(fallback)})
	}
	if end < len(text) {
		parts = append(parts, part{text: text[end:]})
	}
	return parts
}

// trim is JavaScript's String.prototype.trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r == '\ufeff' || r != '\u0085' && unicode.IsSpace(r)
	})
}

// References lists the references of a document in its order.
func (d Document) References() []Reference {
	var references []Reference
	d.Walk(func(path Path, value Value) bool {
		for _, p := range split(value.Text()) {
			if p.isReference {
				line, column := d.Position(path)
				references = append(references, Reference{p.name, path, p.hasFallback, p.text, line, column})
			}
		}
		return true
	})
	return references
}

// Names returns the names of the secrets that the value refers to, in its order, each once.
func (v Value) Names() []string {
	var names []string
	if v.n == nil {
		return nil
	}
	visit := func(_ Path, value Value) bool {
		for _, p := range split(value.Text()) {
			if p.isReference && !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
		return true
	}
	visit(nil, v)
	walk(nil, v.n, visit)
	return names
}

// CheckReferences returns an undefined_secret for each reference without a default whose name is not defined.
func (d Document) CheckReferences(defined func(name string) bool) []orbit.Diagnostic {
	var diagnostics []orbit.Diagnostic
	for _, r := range d.References() {
		if !r.HasDefault && !defined(r.Name) {
			diagnostics = append(diagnostics, r.undefined())
		}
	}
	return diagnostics
}

func (r Reference) undefined() orbit.Diagnostic {
	message := fmt.Sprintf("${%[1]s} refers to a secret or variable that is not defined; add %[1]s to secrets_wo or, if it is "+
		"no secret, to the instance's variables, or give a default as in ${%[1]s:-default}, or write $${%[1]s} for the text "+
		"itself; in HCL each of these takes one more $, as in $${%[1]s}", r.Name)
	if r.Name == "" {
		message = "${} names nothing; write ${NAME}, or $${} for the text itself; in HCL each takes one more $"
	}
	return orbit.Diagnostic{
		Code: orbit.CodeUndefinedSecret, Severity: orbit.SeverityError, Path: r.Path.String(), Message: message,
		Line: r.Line, Column: r.Column,
	}
}

// Resolve replaces the document's references by the secrets' values, as Backstage does: a value loses the white space
// around it, "${NAME:-default}" takes the default when the secret is undefined or empty, and a string with a reference
// that comes to nothing, "${NAME:-}", disappears together with its key. Where Backstage would silently drop a key
// because "${NAME}" is undefined there is an undefined_secret.
//
// The result holds secrets: it is for the process alone. To be exact, layers are resolved before they are merged.
func (d Document) Resolve(lookup func(name string) (value string, ok bool)) (Document, []orbit.Diagnostic) {
	diagnostics := d.CheckReferences(func(name string) bool {
		_, ok := lookup(name)
		return ok
	})
	return d.replace(func(text string) (string, bool) {
		var b strings.Builder
		for _, p := range split(text) {
			piece := p.text
			if p.isReference {
				value, ok := lookup(p.name)
				value = trim(value)
				switch {
				case p.hasFallback && value == "" && p.text == "", !p.hasFallback && !ok:
					return "", false
				case !p.hasFallback || value != "":
					piece = value
				}
			}
			b.WriteString(piece)
		}
		return b.String(), true
	}), diagnostics
}

// WithoutUndefined drops what Resolve would drop because a name is not defined, and leaves everything else as it is. A
// layer without those keys lets the layers below show through, as in Backstage.
func (d Document) WithoutUndefined(defined func(name string) bool) Document {
	return d.replace(func(text string) (string, bool) {
		for _, p := range split(text) {
			if p.isReference && !defined(p.name) && p.text == "" {
				return "", false
			}
		}
		return text, true
	})
}

// WithVersions extends every string that refers to secrets by the versions that those have, so that two documents
// differ where a secret behind them does. The result is for comparing and for nothing else.
func (d Document) WithVersions(version func(name string) string) Document {
	return d.replace(func(text string) (string, bool) {
		extended := text
		for _, p := range split(text) {
			if p.isReference {
				extended += "\x00" + version(p.name)
			}
		}
		return extended, true
	})
}

// replace gives every string its new text, or drops it where keep is false. Nodes without a change stay the same.
func (d Document) replace(text func(string) (replaced string, keep bool)) Document {
	return Document{replace(d.Value().n, text)}
}

func replace(n *node, text func(string) (string, bool)) *node {
	switch n.kind {
	case String:
		replaced, keep := text(n.text)
		if !keep {
			return nil
		}
		if replaced == n.text {
			return n
		}
		return &node{kind: String, text: replaced, at: n.at, size: 1}
	case Sequence:
		out, changed := &node{kind: Sequence, at: n.at, size: 1}, false
		for _, item := range n.items {
			value := replace(item, text)
			changed = changed || value != item
			if value != nil {
				out.items = append(out.items, value)
				out.size += value.size
			}
		}
		if changed {
			return out
		}
		return n
	case Mapping:
		out, changed := &node{kind: Mapping, at: n.at, size: 1}, false
		for _, e := range n.entries {
			value := replace(e.value, text)
			changed = changed || value != e.value
			if value != nil {
				out.entries = append(out.entries, entry{e.key, e.at, value})
				out.size += value.size
			}
		}
		if changed {
			return out
		}
		return n
	default:
		return n
	}
}
