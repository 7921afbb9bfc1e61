package appconfig

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlReader builds nodes from the YAML parser's, resolving scalars by the 1.2 core schema itself: the parser's own
// resolution follows YAML 1.1 in places. One difference from Backstage's loader cannot be seen in the parser's nodes:
// the lone tag "!" before a plain scalar, which there makes it a string.
type yamlReader struct {
	builder
	anchors map[*yaml.Node]*node // nil while an anchored node is being read
}

func parseYAML(text string) (*node, *fault) {
	if f := refuseDirectives(text); f != nil {
		return nil, f
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return &node{kind: Null, size: 1}, nil
	} else if err != nil {
		return nil, syntaxFault(text, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, invalid(position{second.Line, second.Column},
			"the text holds several YAML documents, an app-config is one; remove the --- between them")
	case !errors.Is(err, io.EOF):
		return nil, syntaxFault(text, err)
	}
	if len(document.Content) != 1 {
		return &node{kind: Null, size: 1}, nil
	}
	r := &yamlReader{anchors: map[*yaml.Node]*node{}}
	return r.value(document.Content[0], 0)
}

// refuseDirectives refuses %YAML and %TAG, because %YAML 1.1 would change what every scalar means.
func refuseDirectives(text string) *fault {
	text = strings.TrimPrefix(text, "\ufeff")
	line := 0
	for current := range strings.Lines(text) {
		line++
		trimmed := strings.TrimLeft(current, " \t\r\n")
		switch {
		case strings.HasPrefix(current, "%"):
			return invalid(position{line, 1}, "YAML directives are not supported, remove the line")
		case trimmed == "" || trimmed[0] == '#':
		default:
			return nil
		}
	}
	return nil
}

func (r *yamlReader) value(n *yaml.Node, depth int) (*node, *fault) {
	at := position{n.Line, n.Column}
	if n.Kind == yaml.AliasNode {
		target, read := r.anchors[n.Alias]
		if !read || target == nil {
			return nil, invalid(at, "the alias *%s refers to something that contains it", n.Value)
		}
		return target, r.take(target.size, at)
	}
	if f := r.take(1, at); f != nil {
		return nil, f
	}
	if n.Anchor != "" {
		r.anchors[n] = nil
	}
	built, f := r.build(n, at, depth)
	if f != nil {
		return nil, f
	}
	if n.Anchor != "" {
		r.anchors[n] = built
	}
	return built, nil
}

func (r *yamlReader) build(n *yaml.Node, at position, depth int) (*node, *fault) {
	if f := refuseTag(n, at); f != nil {
		return nil, f
	}
	if n.Kind == yaml.ScalarNode {
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
			return &node{kind: String, text: n.Value, at: at, size: 1}, nil
		}
		return plainScalar(n.Value, at)
	}
	depth++
	if f := r.descend(depth, at); f != nil {
		return nil, f
	}
	if n.Kind == yaml.SequenceNode {
		list := &node{kind: Sequence, at: at, size: 1}
		for _, content := range n.Content {
			item, f := r.value(content, depth)
			if f != nil {
				return nil, f
			}
			list.items = append(list.items, item)
			list.size += item.size
		}
		return list, nil
	}
	m := newMapping(at)
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyAt := position{n.Content[i].Line, n.Content[i].Column}
		key, f := r.key(n.Content[i], depth)
		if f != nil {
			return nil, f
		}
		if f := m.admit(key, keyAt); f != nil {
			return nil, f
		}
		value, f := r.value(n.Content[i+1], depth)
		if f != nil {
			return nil, f
		}
		m.set(key, keyAt, value)
	}
	return m.node, nil
}

// key reads a key as JavaScript would have it: 1.50 is "1.5", null is "".
func (r *yamlReader) key(n *yaml.Node, depth int) (string, *fault) {
	value, f := r.value(n, depth)
	if f != nil {
		return "", f
	}
	switch value.kind {
	case String:
		return value.text, nil
	case Null:
		return "", nil
	case Bool:
		return strconv.FormatBool(value.truth), nil
	case Number:
		return string(appendNumber(nil, value.number)), nil
	default:
		return "", invalid(position{n.Line, n.Column}, "a key has to be a string, this one is %s", describe(value.kind))
	}
}

// refuseTag refuses explicit tags other than !!str, !!map and !!seq where they say what the value is anyway.
func refuseTag(n *yaml.Node, at position) *fault {
	if n.Style&yaml.TaggedStyle == 0 {
		return nil
	}
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.ScalarNode && tag == "!!str",
		n.Kind == yaml.MappingNode && tag == "!!map",
		n.Kind == yaml.SequenceNode && tag == "!!seq":
		return nil
	default:
		return invalid(at, "the YAML tag %s is not supported; quote the value to make it a string", tag)
	}
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// maxProbes bounds how many beginnings of a broken document are parsed to find the line at fault.
const maxProbes = 200

// syntaxFault says where the text stops being YAML. The parser itself reports the line at which the innermost mapping
// or list begins, often far above the mistake, so the line after the longest beginning that can be parsed is looked
// for.
func syntaxFault(text string, err error) *fault {
	if f := brokenJSON(text); f != nil {
		return f
	}
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if match := yamlError.FindStringSubmatch(err.Error()); match != nil {
		line, _ = strconv.Atoi(match[1])
		message = match[2]
	}
	line = max(line, 1)
	var ends []int // ends[i] is the offset after line i+1
	for offset := 0; offset < len(text); {
		length := strings.IndexByte(text[offset:], '\n') + 1
		if length == 0 {
			length = len(text) - offset
		}
		offset += length
		ends = append(ends, offset)
	}
	last := 0 // the last line up to which the text can be parsed
	budget := 4 * MaxSize
	for probe := max(line-1, 1); probe <= len(ends) && probe < line+maxProbes && budget > 0; probe++ {
		var n yaml.Node
		if yaml.Unmarshal([]byte(text[:ends[probe-1]]), &n) == nil {
			last = probe
		}
		budget -= ends[probe-1]
	}
	if last > 0 && last < len(ends) {
		line = last + 1
	}
	line = min(line, max(len(ends), 1))
	return invalid(position{line, column(text, ends, line)}, "the YAML cannot be read: %s", message)
}

// column is where the line's first character that is no space stands.
func column(text string, ends []int, line int) int {
	begin := 0
	if line > 1 && line-2 < len(ends) {
		begin = ends[line-2]
	}
	rest := text[begin:]
	return len(rest) - len(strings.TrimLeft(rest, " ")) + 1
}
