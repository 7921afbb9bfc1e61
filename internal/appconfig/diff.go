package appconfig

import (
	"cmp"
	"slices"
)

// ChangeKind says what happened at a path.
type ChangeKind uint8

// The kinds of changes.
const (
	Added     ChangeKind = iota + 1 // the path is in the second document only
	Removed                         // the path is in the first document only
	Changed                         // the value is another one
	Reordered                       // the mapping has its keys in another order, which means something there
)

// Change is one difference between two documents.
type Change struct {
	Path   Path
	Kind   ChangeKind
	Before Value // Missing when Added
	After  Value // Missing when Removed

	written string // Path in writing, to sort by
}

func newChange(path Path, kind ChangeKind, before, after *node) Change {
	return Change{path, kind, Value{before}, Value{after}, path.String()}
}

// Diff returns what differs, sorted by path in writing, each at the highest path that wholly differs: an added or
// removed mapping is one change. A sequence is compared as a whole, as Backstage replaces it as a whole.
func Diff(before, after Document) []Change {
	changes := diff(nil, nil, before.Value().n, after.Value().n)
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.written, b.written) })
	return changes
}

// EqualValues compares two values at one path as Equal compares documents.
func EqualValues(path Path, a, b Value) bool {
	if a.Kind() == Missing || b.Kind() == Missing {
		return a.Kind() == b.Kind()
	}
	return len(diff(nil, path, a.n, b.n)) == 0
}

func diff(changes []Change, path Path, before, after *node) []Change {
	if before == after {
		return changes
	}
	if before.kind != Mapping || after.kind != Mapping {
		if !same(path, before, after) {
			changes = append(changes, newChange(path, Changed, before, after))
		}
		return changes
	}
	old := index(before)
	current := index(after)
	for _, e := range before.entries {
		child := path.Child(Key(e.key))
		if value, ok := current[e.key]; ok {
			changes = diff(changes, child, e.value, value)
		} else {
			changes = append(changes, newChange(child, Removed, e.value, nil))
		}
	}
	for _, e := range after.entries {
		if _, ok := old[e.key]; !ok {
			changes = append(changes, newChange(path.Child(Key(e.key)), Added, nil, e.value))
		}
	}
	if (orderMatters(path, before) || orderMatters(path, after)) &&
		!slices.Equal(order(before, current), order(after, old)) {
		changes = append(changes, newChange(path, Reordered, before, after))
	}
	return changes
}

// same compares two nodes that are not both mappings.
func same(path Path, a, b *node) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case Bool:
		return a.truth == b.truth
	case Number:
		return a.number == b.number
	case String:
		return a.text == b.text
	case Sequence:
		return slices.EqualFunc(a.items, b.items, func(x, y *node) bool {
			return len(diff(nil, path.Child(Index(0)), x, y)) == 0
		})
	default:
		return true
	}
}

// index maps a mapping's keys to their values.
func index(n *node) map[string]*node {
	fields := make(map[string]*node, len(n.entries))
	for _, e := range n.entries {
		fields[e.key] = e.value
	}
	return fields
}

// order lists the mapping's keys that the other one has too.
func order(n *node, other map[string]*node) []string {
	var keys []string
	for _, e := range n.entries {
		if _, ok := other[e.key]; ok {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// Walk calls visit for every value below the root, parents before their children, in the document's order. Where visit
// returns false it does not go deeper.
func (d Document) Walk(visit func(path Path, value Value) bool) {
	walk(nil, d.Value().n, visit)
}

func walk(path Path, n *node, visit func(Path, Value) bool) {
	if len(path) > 0 && !visit(path, Value{n}) {
		return
	}
	for i, item := range n.items {
		walk(path.Child(Index(i)), item, visit)
	}
	for _, e := range n.entries {
		walk(path.Child(Key(e.key)), e.value, visit)
	}
}
