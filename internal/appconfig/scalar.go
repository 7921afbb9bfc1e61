package appconfig

import (
	"regexp"
	"strconv"
	"strings"
)

// The scalars of the YAML 1.2 core schema, as the npm package yaml has them in dist/schema/core.
var (
	nullScalar     = regexp.MustCompile(`^(?:~|[Nn]ull|NULL)?$`)
	boolScalar     = regexp.MustCompile(`^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$`)
	octalScalar    = regexp.MustCompile(`^0o[0-7]+$`)
	integerScalar  = regexp.MustCompile(`^[-+]?[0-9]+$`)
	hexScalar      = regexp.MustCompile(`^0x[0-9a-fA-F]+$`)
	infinityScalar = regexp.MustCompile(`^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$`)
	exponentScalar = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$`)
	fractionScalar = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)$`)
)

// plainScalar gives an unquoted scalar its value.
func plainScalar(text string, at position) (*node, *fault) {
	switch {
	case nullScalar.MatchString(text):
		return &node{kind: Null, at: at, size: 1}, nil
	case boolScalar.MatchString(text):
		return &node{kind: Bool, truth: text[0] == 't' || text[0] == 'T', at: at, size: 1}, nil
	}
	number, ok := plainNumber(text)
	if !ok {
		return &node{kind: String, text: text, at: at, size: 1}, nil
	}
	n, finite := newNumber(number)
	if !finite {
		return nil, invalid(at, "%s is not a number that JSON can carry; quote it if a string is meant", text)
	}
	n.at = at
	return n, nil
}

// plainNumber reads a number of the core schema into what JavaScript has for it, which is exact for integers up to
// 2^53.
func plainNumber(text string) (float64, bool) {
	switch {
	case octalScalar.MatchString(text):
		return digits(text[2:], 8), true
	case hexScalar.MatchString(text):
		return digits(text[2:], 16), true
	case integerScalar.MatchString(text), exponentScalar.MatchString(text), fractionScalar.MatchString(text),
		infinityScalar.MatchString(text):
		number, _ := strconv.ParseFloat(strings.ToLower(text), 64) // out of range gives an infinity
		if infinityScalar.MatchString(text) {
			number, _ = strconv.ParseFloat(strings.Replace(strings.ToLower(text), ".", "", 1), 64)
		}
		return number, true
	default:
		return 0, false
	}
}

// digits reads digits of a base that is a power of two as parseInt does, rounding what is above 2^53 once.
func digits(text string, base int) float64 {
	if n, err := strconv.ParseUint(text, base, 64); err == nil {
		return float64(n)
	}
	if base == 16 {
		number, _ := strconv.ParseFloat("0x"+text+"p0", 64)
		return number
	}
	// Octal digits as hexadecimal ones would need regrouping; no one writes an octal of more than 64 bits.
	var number float64
	for _, digit := range text {
		number = number*8 + float64(digit-'0')
	}
	return number
}
