package configschema

import (
	"strings"
	"unicode"
)

// nearest is the candidate that somebody who wrote the word is most likely to have meant; "" when none is near.
func nearest(word string, candidates []string) string {
	best, least := "", mistakes(word)+1
	for _, candidate := range candidates {
		if distance := apart(word, candidate, least); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// mistakes is how many slips of the fingers are likely in a word: short words are near to everything.
func mistakes(word string) int {
	switch length := len([]rune(word)); {
	case length <= 3:
		return 0
	case length <= 5:
		return 1
	default:
		return 2
	}
}

// plain is the word without what is a matter of style: case and separators.
func plain(word string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, word)
}

// apart counts the slips between two words: a letter too many, too few, another one, or two in the wrong order. Words
// that differ in style only are 0 apart. From limit on it does not count further.
func apart(a, b string, limit int) int {
	one, other := []rune(plain(a)), []rune(plain(b))
	if len(one)-len(other) >= limit || len(other)-len(one) >= limit {
		return limit
	}
	before, last, row := make([]int, len(other)+1), make([]int, len(other)+1), make([]int, len(other)+1)
	for j := range last {
		last[j] = j
	}
	for i := range one {
		row[0] = i + 1
		for j := range other {
			cost := 1
			if one[i] == other[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && one[i] == other[j-1] && one[i-1] == other[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(other)]
}
