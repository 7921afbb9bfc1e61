package appconfig

// With returns the document with another value at the path, which names keys only. A Missing value removes the key.
// Mappings on the way are made where they are not there; the last key goes to the end of its mapping when it is new.
func (d Document) With(path Path, value Value) Document {
	return Document{with(d.Value().n, path, value.n)}
}

func with(n *node, path Path, value *node) *node {
	if len(path) == 0 {
		return value
	}
	out := &node{kind: Mapping, size: 1}
	add := func(e entry) {
		if e.value != nil {
			out.entries = append(out.entries, e)
			out.size += e.value.size
		}
	}
	found := false
	if n != nil {
		out.at = n.at
		for _, e := range n.entries {
			if e.key == path[0].key {
				found = true
				e.value = with(e.value, path[1:], value)
			}
			add(e)
		}
	}
	if !found && value != nil {
		add(entry{key: path[0].key, value: with(nil, path[1:], value)})
	}
	return out
}
