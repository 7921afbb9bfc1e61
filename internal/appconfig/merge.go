package appconfig

// Merge lays documents over each other, the later over the earlier, exactly as Backstage's ConfigReader reads several
// config sources: mappings are merged key by key, everything else replaces, and a null unsets what the layers below
// set. The result has no nulls in mappings. Keys of the upper layer come first.
//
// Backstage replaces references before it merges. It makes a difference only where a reference makes its key disappear
// (see Document.WithoutUndefined).
func Merge(layers ...Document) Document {
	var below *node
	for _, layer := range layers {
		below = overlay(layer.Value().n, below)
	}
	return Document{below}
}

// overlay is ConfigReader's merge(into, from); nil stands for undefined.
func overlay(upper, lower *node) *node {
	if upper == nil {
		if lower == nil {
			return nil
		}
		return overlay(lower, nil)
	}
	if upper.kind == Null {
		return nil
	}
	if upper.kind != Mapping {
		return upper
	}
	var fields map[string]*node
	if lower != nil && lower.kind == Mapping {
		fields = index(lower)
	}
	out := &node{kind: Mapping, at: upper.at, size: 1}
	seen := make(map[string]bool, len(upper.entries))
	for _, e := range upper.entries {
		seen[e.key] = true
		if value := overlay(e.value, fields[e.key]); value != nil {
			out.entries = append(out.entries, entry{e.key, e.at, value})
			out.size += value.size
		}
	}
	if fields == nil {
		return out
	}
	for _, e := range lower.entries {
		if seen[e.key] {
			continue
		}
		if value := overlay(e.value, nil); value != nil {
			out.entries = append(out.entries, entry{e.key, e.at, value})
			out.size += value.size
		}
	}
	return out
}
