package appconfig

import (
	"cmp"
	"slices"
)

// Document is an app-config document. It is immutable; the zero value is the empty mapping.
type Document struct {
	root *node // nil, or a Mapping
}

// Value returns the whole document as a Mapping.
func (d Document) Value() Value {
	if d.root == nil {
		return Value{&node{kind: Mapping, size: 1}}
	}
	return Value{d.root}
}

// At returns the value at the path, Missing when there is none.
func (d Document) At(path Path) Value {
	value := d.Value()
	for _, step := range path {
		if !step.isIndex {
			value = value.Field(step.key)
			continue
		}
		if value.Kind() != Sequence || step.index >= len(value.n.items) {
			return Value{}
		}
		value = Value{value.n.items[step.index]}
	}
	return value
}

// IsEmpty says whether the document sets nothing.
func (d Document) IsEmpty() bool { return d.root == nil || len(d.root.entries) == 0 }

// Position returns the line and column, from 1, of the key or element at the path, or of its nearest ancestor that is
// in the text; 0, 0 when unknown.
func (d Document) Position(path Path) (line, column int) {
	current, at := d.root, position{}
	for _, step := range path {
		if step.isIndex {
			if current == nil || current.kind != Sequence || step.index >= len(current.items) {
				break
			}
			current = current.items[step.index]
			at = current.at
			continue
		}
		e, ok := current.field(step.key)
		if !ok {
			break
		}
		current, at = e.value, e.at
	}
	return at.line, at.column
}

// JSON writes the document as a JSON object, keys in the document's order: in some places Backstage gives the order of
// keys a meaning.
func (d Document) JSON() []byte {
	return appendNode(nil, d.Value().n, nil, false)
}

// Canonical writes the document as JSON so that two documents give the same bytes exactly when Equal says they are
// equal: keys are sorted, except where their order means something. Use it for hashing.
func (d Document) Canonical() []byte {
	return appendNode(nil, d.Value().n, nil, true)
}

// Equal says whether two documents say the same: formatting, comments, YAML or JSON, and the order of keys make no
// difference, except the order of keys where Backstage gives it a meaning (overlapping routes under proxy.endpoints).
// A null is not the same as a key that is not there, because a null in an upper layer unsets the key of a lower one.
func Equal(a, b Document) bool { return len(Diff(a, b)) == 0 }

func appendNode(b []byte, n *node, path Path, canonical bool) []byte {
	switch n.kind {
	case Bool:
		if n.truth {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case Number:
		return appendNumber(b, n.number)
	case String:
		return appendString(b, n.text)
	case Sequence:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(b, item, path.Child(Index(i)), canonical)
		}
		return append(b, ']')
	case Mapping:
		entries := n.entries
		if canonical && !orderMatters(path, n) {
			entries = slices.Clone(entries)
			slices.SortFunc(entries, func(x, y entry) int { return cmp.Compare(x.key, y.key) })
		}
		b = append(b, '{')
		for i, e := range entries {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, e.key)
			b = append(b, ':')
			b = appendNode(b, e.value, path.Child(Key(e.key)), canonical)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}
