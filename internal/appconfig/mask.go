package appconfig

// Mask stands in the place of a string that is not to be shown.
const Mask = "***"

// Masked returns the document with Mask in the place of the strings at the paths.
func (d Document) Masked(paths ...Path) Document {
	hidden := make(map[string]bool, len(paths))
	for _, path := range paths {
		hidden[path.String()] = true
	}
	return Document{masked(d.Value().n, nil, hidden)}
}

func masked(n *node, path Path, hidden map[string]bool) *node {
	switch n.kind {
	case String:
		if hidden[path.String()] {
			return &node{kind: String, text: Mask, at: n.at, size: 1}
		}
		return n
	case Sequence:
		out := &node{kind: Sequence, at: n.at, size: n.size, items: make([]*node, len(n.items))}
		for i, item := range n.items {
			out.items[i] = masked(item, path.Child(Index(i)), hidden)
		}
		return out
	case Mapping:
		out := &node{kind: Mapping, at: n.at, size: n.size, entries: make([]entry, len(n.entries))}
		for i, e := range n.entries {
			out.entries[i] = entry{e.key, e.at, masked(e.value, path.Child(Key(e.key)), hidden)}
		}
		return out
	default:
		return n
	}
}

// EqualMasked says whether whole says the same as hidden does, where a Mask of hidden may be any string: as far as can be
// told, hidden is whole with secrets masked.
func EqualMasked(hidden, whole Document) bool {
	var paths []Path
	hidden.Walk(func(path Path, value Value) bool {
		if value.Kind() == String && value.Text() == Mask {
			paths = append(paths, path)
		}
		return true
	})
	return Equal(hidden, whole.Masked(paths...))
}
