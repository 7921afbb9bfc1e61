package secret

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Mask is what stands in the place of a secret's value.
const Mask = "***"

const (
	// MinMaskedLength is the length in bytes below which a value is not masked: a value such as "1" or "on" is in
	// every line, and stars in its place would tell what it is while they take away the log.
	MinMaskedLength = 4
	// minMaskedLine is the length in bytes from which a single line of a value of several lines is masked by itself.
	minMaskedLine = 8
)

// Masker takes the values of secrets out of text that people read. A nil Masker changes nothing. It is safe for
// concurrent use.
//
// It finds a value as it is, as a JSON string (also inside another one), as part of a URL, in base64 (also in the
// middle of something encoded, such as user:password), and, because logs are read by the line, each line of a value
// that has several. It does not find a value that was hashed, compressed, cut or encrypted, nor one shorter than
// MinMaskedLength.
type Masker struct {
	patterns []string
}

// NewMasker returns a masker for these values.
func NewMasker(values []string) *Masker {
	var patterns []string
	for _, value := range values {
		for _, part := range parts(value) {
			patterns = append(patterns, forms(part)...)
		}
	}
	patterns = slices.DeleteFunc(patterns, func(p string) bool { return len(p) < MinMaskedLength })
	slices.SortFunc(patterns, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return &Masker{patterns: slices.Compact(patterns)}
}

// Mask returns the text with every secret value replaced by Mask. Values that overlap or touch become one mask.
func (m *Masker) Mask(text string) string {
	if m == nil {
		return text
	}
	hidden := m.find(text)
	if len(hidden) == 0 {
		return text
	}
	var masked strings.Builder
	shown := 0
	for _, part := range hidden {
		masked.WriteString(text[shown:part.start])
		masked.WriteString(Mask)
		shown = part.end
	}
	masked.WriteString(text[shown:])
	return masked.String()
}

// MaskLines masks each of the lines in place and returns them.
func (m *Masker) MaskLines(lines []string) []string {
	for i, line := range lines {
		lines[i] = m.Mask(line)
	}
	return lines
}

type span struct{ start, end int }

// find returns the disjoint spans of text that belong to any value, in order. All places are found before any is
// replaced: replacing one value first could leave the rest of another that overlaps it.
func (m *Masker) find(text string) []span {
	var found []span
	for _, pattern := range m.patterns {
		for from := 0; ; {
			at := strings.Index(text[from:], pattern)
			if at < 0 {
				break
			}
			start := from + at
			found = append(found, span{start, start + len(pattern)})
			from = start + 1
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	merged := found[:0]
	for _, next := range found {
		if last := len(merged) - 1; last >= 0 && next.start <= merged[last].end {
			merged[last].end = max(merged[last].end, next.end)
			continue
		}
		merged = append(merged, next)
	}
	return merged
}

// parts returns the texts that are secret by themselves: the value, and its lines where it has several.
func parts(value string) []string {
	if len(value) < MinMaskedLength {
		return nil
	}
	all := []string{value}
	if trimmed := strings.TrimSpace(value); trimmed != value && len(trimmed) >= MinMaskedLength {
		all = append(all, trimmed)
	}
	if strings.ContainsAny(value, "\r\n") {
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); len(line) >= minMaskedLine {
				all = append(all, line)
			}
		}
	}
	return all
}

// forms returns the ways in which programs write a text.
func forms(text string) []string {
	all := []string{text}
	for _, escapeHTML := range []bool{false, true} {
		once := jsonEscaped(text, escapeHTML)
		all = append(all, once, jsonEscaped(once, escapeHTML))
	}
	for _, encoded := range []string{url.QueryEscape(text), url.PathEscape(text), uriComponent(text)} {
		all = append(all, encoded, percentEncoding.ReplaceAllStringFunc(encoded, strings.ToLower))
	}
	for offset := range 3 {
		all = append(all, base64Inside(base64.StdEncoding, text, offset), base64Inside(base64.URLEncoding, text, offset))
	}
	return all
}

var percentEncoding = regexp.MustCompile(`%[0-9A-F]{2}`)

// uriComponent encodes as JavaScript's encodeURIComponent does.
func uriComponent(text string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").
		Replace(url.QueryEscape(text))
}

func jsonEscaped(text string, escapeHTML bool) string {
	var encoded strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(encoded.String(), "\n"), `"`), `"`)
}

// base64Inside returns the characters that text always becomes when it is encoded behind offset other bytes (modulo 3),
// whatever stands before and behind it.
func base64Inside(encoding *base64.Encoding, text string, offset int) string {
	const bitsPerByte, bitsPerCharacter = 8, 6
	encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + text))
	first := (offset*bitsPerByte + bitsPerCharacter - 1) / bitsPerCharacter
	behind := (offset + len(text)) * bitsPerByte / bitsPerCharacter
	return encoded[first:behind]
}
