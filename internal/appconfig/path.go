package appconfig

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plainKey are the keys that a path shows without brackets and quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// Step is one step of a Path: a key of a mapping or an index of a sequence.
type Step struct {
	key     string
	index   int
	isIndex bool
}

// Key returns the step into a mapping's key.
func Key(key string) Step { return Step{key: key} }

// Index returns the step into a sequence's element, counted from 0.
func Index(index int) Step { return Step{index: index, isIndex: true} }

// Key returns the mapping's key; ok is false for an index.
func (s Step) Key() (key string, ok bool) { return s.key, !s.isIndex }

// Index returns the position in a sequence, from 0; ok is false for a key.
func (s Step) Index() (index int, ok bool) { return s.index, s.isIndex }

// Path is a place in a document. The empty path is the whole document.
//
// In writing, a key of letters, digits, "_" and "-" that does not begin with a digit or "-" stands bare after a dot
// (the first one without it), any other key stands as a JSON string in brackets, an index as a number in brackets:
// proxy.endpoints["/argocd/api"].target, catalog.locations[1].target.
type Path []Step

// Keys returns the path through the given keys.
func Keys(keys ...string) Path {
	path := make(Path, len(keys))
	for i, key := range keys {
		path[i] = Key(key)
	}
	return path
}

// Child returns the path one step further. It shares nothing with p.
func (p Path) Child(step Step) Path {
	return append(p[:len(p):len(p)], step)
}

// HasPrefix says whether prefix is p or an ancestor of p.
func (p Path) HasPrefix(prefix Path) bool {
	return len(p) >= len(prefix) && slices.Equal(p[:len(prefix)], prefix)
}

// String writes the path; ParsePath reads it back.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch {
		case step.isIndex:
			fmt.Fprintf(&b, "[%d]", step.index)
		case plainKey.MatchString(step.key):
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step.key)
		default:
			b.WriteByte('[')
			b.Write(appendString(nil, step.key))
			b.WriteByte(']')
		}
	}
	return b.String()
}

// ParsePath reads a path that Path.String wrote.
func ParsePath(text string) (Path, error) {
	var path Path
	for rest := text; rest != ""; {
		if rest[0] == '[' {
			step, length, err := parseBracket(rest)
			if err != nil {
				return nil, fmt.Errorf("read path %q: %w", text, err)
			}
			path, rest = append(path, step), rest[length:]
			continue
		}
		if len(path) > 0 {
			if rest[0] != '.' {
				return nil, fmt.Errorf("read path %q: expected . or [ before %q", text, rest)
			}
			rest = rest[1:]
		}
		length := strings.IndexAny(rest, ".[")
		if length < 0 {
			length = len(rest)
		}
		if !plainKey.MatchString(rest[:length]) {
			return nil, fmt.Errorf(`read path %q: the key %q has to stand as ["…"]`, text, rest[:length])
		}
		path, rest = append(path, Key(rest[:length])), rest[length:]
	}
	return path, nil
}

// parseBracket reads ["key"] or [index] at the beginning of text and says how long it is.
func parseBracket(text string) (Step, int, error) {
	if strings.HasPrefix(text, `["`) {
		decoder := json.NewDecoder(strings.NewReader(text[1:]))
		var key string
		if err := decoder.Decode(&key); err != nil {
			return Step{}, 0, fmt.Errorf("malformed key: %w", err)
		}
		end := 1 + int(decoder.InputOffset())
		if end >= len(text) || text[end] != ']' {
			return Step{}, 0, fmt.Errorf("missing ] after the key %q", key)
		}
		return Key(key), end + 1, nil
	}
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return Step{}, 0, fmt.Errorf("missing ] in %q", text)
	}
	index, err := strconv.ParseUint(text[1:end], 10, 31)
	if err != nil {
		return Step{}, 0, fmt.Errorf("malformed index: %w", err)
	}
	return Index(int(index)), end + 1, nil
}
