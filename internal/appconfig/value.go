package appconfig

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values. Missing is the kind of a value that is not there, and of no other.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Mapping
	Sequence
)

// position is where something begins in the user's text, counted from 1; 0 means unknown.
type position struct{ line, column int }

// node is one value of a document. Nodes are never changed once they are built, so documents share them.
type node struct {
	kind    Kind
	truth   bool    // Bool
	number  float64 // Number; what JavaScript makes of it, never -0, never infinite, always a number
	text    string  // String
	entries []entry // Mapping, in the document's order, no key twice
	items   []*node // Sequence
	at      position
	size    int // how many nodes there are when aliases are written out
}

// entry is one key of a mapping.
type entry struct {
	key   string
	at    position
	value *node
}

func (n *node) field(key string) (entry, bool) {
	if n != nil && n.kind == Mapping {
		for _, e := range n.entries {
			if e.key == key {
				return e, true
			}
		}
	}
	return entry{}, false
}

// Value is a value in a document. The zero Value is Missing; asking it for anything gives the zero answer.
type Value struct{ n *node }

// Kind says what the value is.
func (v Value) Kind() Kind {
	if v.n == nil {
		return Missing
	}
	return v.n.kind
}

// Text returns a String's text as it stands in the document, references unreplaced; "" for any other kind.
func (v Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	return v.n.text
}

// Truth says whether the value is the Bool true.
func (v Value) Truth() bool { return v.Kind() == Bool && v.n.truth }

// Field returns the value under a key of a Mapping, Missing when there is none.
func (v Value) Field(key string) Value {
	e, _ := v.n.field(key)
	return Value{e.value}
}

// Fields ranges over the keys and values of a Mapping in the document's order.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Mapping {
			return
		}
		for _, e := range v.n.entries {
			if !yield(e.key, Value{e.value}) {
				return
			}
		}
	}
}

// Items returns the elements of a Sequence.
func (v Value) Items() []Value {
	if v.Kind() != Sequence {
		return nil
	}
	items := make([]Value, len(v.n.items))
	for i, item := range v.n.items {
		items[i] = Value{item}
	}
	return items
}

// Canonical writes the value as Document.Canonical would outside the places where the order of keys means something.
func (v Value) Canonical() string {
	if v.n == nil {
		return ""
	}
	return string(appendNode(nil, v.n, nil, true))
}

// newNumber makes a Number; ok is false for what JSON cannot carry.
func newNumber(f float64) (*node, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	if f == 0 {
		f = math.Abs(f) // JavaScript's -0 equals 0 and is written 0
	}
	return &node{kind: Number, number: f, size: 1}, true
}

// appendNumber writes a number as JavaScript's JSON.stringify does.
func appendNumber(b []byte, f float64) []byte {
	text, err := json.Marshal(f)
	if err != nil { // only for infinities and NaN, which no node holds
		panic(err)
	}
	return append(b, text...)
}

// appendString writes a JSON string without the escapes that only HTML needs.
func appendString(b []byte, s string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // a string can always be encoded
		panic(err)
	}
	return append(b, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...)
}
