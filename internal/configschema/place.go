package configschema

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// place is one value of a document where it stands.
type place struct {
	parent *place // nil for the whole document
	step   appconfig.Step
	value  appconfig.Value
	// keys are a mapping's in the document's order, without those that a null unsets.
	keys   []string
	fields map[string]*place
	items  []*place
	// refers says that the value is a string with a reference.
	refers bool
	// said is all that packages say about the place.
	said voices
}

// places are the document's values where they stand.
func (s Set) places(document appconfig.Document) *place {
	return newPlace(nil, appconfig.Step{}, document.Value(), s.voices())
}

func newPlace(parent *place, step appconfig.Step, value appconfig.Value, said voices) *place {
	p := &place{parent: parent, step: step, value: value, said: said}
	switch value.Kind() {
	case appconfig.Mapping:
		p.fields = map[string]*place{}
		for key, field := range value.Fields() {
			if field.Kind() != appconfig.Null {
				p.keys = append(p.keys, key)
				p.fields[key] = newPlace(p, appconfig.Key(key), field, said.below(appconfig.Key(key)))
			}
		}
	case appconfig.Sequence:
		for i, item := range value.Items() {
			p.items = append(p.items, newPlace(p, appconfig.Index(i), item, said.below(appconfig.Index(i))))
		}
	case appconfig.String:
		p.refers = strings.Contains(value.Text(), "${") && len(value.Names()) > 0
	}
	return p
}

// path leads to the place.
func (p *place) path() appconfig.Path {
	var path appconfig.Path
	for at := p; at.parent != nil; at = at.parent {
		path = append(path, at.step)
	}
	slices.Reverse(path)
	return path
}

// number is what Backstage's getNumber makes of the value.
func (p *place) number() (float64, bool) {
	switch p.value.Kind() {
	case appconfig.Number:
		return numberOf(p.value), true
	case appconfig.String:
		return javascriptNumber(p.value.Text())
	default:
		return 0, false
	}
}

var (
	decimal  = regexp.MustCompile(`^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$`)
	prefixed = regexp.MustCompile(`^0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
	truth    = regexp.MustCompile(`(?i)^(?:y|yes|true|1|on)$`)
	untruth  = regexp.MustCompile(`(?i)^(?:n|no|false|0|off)$`)
)

// javascriptNumber is JavaScript's Number(text), where that is a finite number.
func javascriptNumber(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return 0, true
	case prefixed.MatchString(text):
		number, err := strconv.ParseUint(text, 0, 64)
		return float64(number), err == nil
	case decimal.MatchString(text):
		number, err := strconv.ParseFloat(text, 64)
		return number, err == nil && !math.IsInf(number, 0)
	default:
		return 0, false
	}
}

// truth is what Backstage's getBoolean makes of the value.
func (p *place) truth() (is, ok bool) {
	var text string
	switch p.value.Kind() {
	case appconfig.Bool:
		return p.value.Truth(), true
	case appconfig.Number, appconfig.String:
		text = strings.TrimSpace(p.value.Text())
		if p.value.Kind() == appconfig.Number {
			text = p.value.Canonical()
		}
	}
	return truth.MatchString(text), truth.MatchString(text) || untruth.MatchString(text)
}

// numberOf is the number that a Number is.
func numberOf(value appconfig.Value) float64 {
	number, err := strconv.ParseFloat(value.Canonical(), 64)
	if err != nil {
		panic(err) // it was written from a float64
	}
	return number
}
