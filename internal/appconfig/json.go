package appconfig

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// jsonReader builds nodes from a text that is valid JSON.
type jsonReader struct {
	builder
	text    string
	decoder *json.Decoder
	offset  int
	at      position // of offset
}

func parseJSON(text string) (*node, *fault) {
	r := &jsonReader{text: text, decoder: json.NewDecoder(strings.NewReader(text)), at: position{1, 1}}
	r.decoder.UseNumber()
	return r.value(0)
}

// next returns the next token and where it begins.
func (r *jsonReader) next() (json.Token, position, *fault) {
	begin := int(r.decoder.InputOffset())
	for begin < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[begin]) >= 0 {
		begin++
	}
	r.at = advance(r.at, r.text[r.offset:begin])
	r.offset = begin
	at := r.at
	token, err := r.decoder.Token()
	if err != nil {
		return nil, at, invalid(at, "the JSON cannot be read: %v", err)
	}
	return token, at, nil
}

// advance returns the position behind the text that begins at the given one.
func advance(at position, text string) position {
	for _, char := range text {
		if char == '\n' {
			at = position{at.line + 1, 1}
		} else {
			at.column++
		}
	}
	return at
}

// brokenJSON says where a text that is meant as JSON stops being that; nil when it looks like YAML rather.
func brokenJSON(text string) *fault {
	body := strings.TrimLeft(text, " \t\r\n")
	if !strings.HasPrefix(body, "{") || !strings.HasPrefix(strings.TrimLeft(body[1:], " \t\r\n"), `"`) {
		return nil
	}
	var value json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal([]byte(text), &value); !errors.As(err, &syntax) {
		return nil
	}
	at := advance(position{1, 1}, text[:max(int(syntax.Offset)-1, 0)])
	return invalid(at, "the JSON cannot be read: %v", syntax)
}

func (r *jsonReader) value(depth int) (*node, *fault) {
	token, at, f := r.next()
	if f != nil {
		return nil, f
	}
	if f := r.take(1, at); f != nil {
		return nil, f
	}
	switch token := token.(type) {
	case json.Delim:
		if f := r.descend(depth+1, at); f != nil {
			return nil, f
		}
		if token == '{' {
			return r.object(at, depth+1)
		}
		return r.array(at, depth+1)
	case string:
		return &node{kind: String, text: token, at: at, size: 1}, nil
	case bool:
		return &node{kind: Bool, truth: token, at: at, size: 1}, nil
	case json.Number:
		number, _ := strconv.ParseFloat(token.String(), 64) // out of range gives an infinity
		n, ok := newNumber(number)
		if !ok {
			return nil, invalid(at, "the number %s is out of range", token)
		}
		n.at = at
		return n, nil
	default:
		return &node{kind: Null, at: at, size: 1}, nil
	}
}

func (r *jsonReader) object(at position, depth int) (*node, *fault) {
	m := newMapping(at)
	for r.decoder.More() {
		token, keyAt, f := r.next()
		if f != nil {
			return nil, f
		}
		key, _ := token.(string)
		if f := r.take(1, keyAt); f != nil {
			return nil, f
		}
		if f := m.admit(key, keyAt); f != nil {
			return nil, f
		}
		value, f := r.value(depth)
		if f != nil {
			return nil, f
		}
		m.set(key, keyAt, value)
	}
	_, _, f := r.next()
	return m.node, f
}

func (r *jsonReader) array(at position, depth int) (*node, *fault) {
	n := &node{kind: Sequence, at: at, size: 1}
	for r.decoder.More() {
		item, f := r.value(depth)
		if f != nil {
			return nil, f
		}
		n.items = append(n.items, item)
		n.size += item.size
	}
	_, _, f := r.next()
	return n, f
}
