package main

import (
	"fmt"
	"strings"
)

// wanted is a package of the list; without a version the newest is meant.
type wanted struct{ name, version string }

func (w wanted) String() string {
	if w.version == "" {
		return w.name
	}
	return w.name + "@" + w.version
}

// entry is a line of the list.
type entry struct {
	subject wanted
	with    []wanted // what it needs beside it
}

func (e entry) all() []wanted { return append([]wanted{e.subject}, e.with...) }

// parseList reads packages.txt: on each line a package, with a version where a certain one is meant, and after each "+"
// one that is to be there too. What follows a "#" is a comment.
func parseList(text string) ([]entry, error) {
	var entries []entry
	seen := map[string]int{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		var packages []wanted
		for part := range strings.SplitSeq(line, "+") {
			w, err := parseWanted(strings.TrimSpace(part))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			packages = append(packages, w)
		}
		e := entry{subject: packages[0], with: packages[1:]}
		if before := seen[e.subject.name]; before != 0 {
			return nil, fmt.Errorf("line %d: %s is on line %d already", number, e.subject.name, before)
		}
		seen[e.subject.name] = number
		entries = append(entries, e)
	}
	return entries, nil
}

func parseWanted(text string) (wanted, error) {
	i := strings.LastIndexByte(text, '@')
	w := wanted{name: text}
	if i > 0 {
		w = wanted{text[:i], text[i+1:]}
	}
	if text == "" || strings.ContainsAny(text, " \t") || i > 0 && w.version == "" {
		return wanted{}, fmt.Errorf("%q is not package or package@version", text)
	}
	return w, nil
}

// choose keeps the entries whose name has one of the texts, separated by commas, in it; all for "".
func choose(entries []entry, only string) ([]entry, error) {
	if only == "" {
		return entries, nil
	}
	var chosen []entry
	for _, e := range entries {
		for part := range strings.SplitSeq(only, ",") {
			if strings.Contains(e.subject.name, part) {
				chosen = append(chosen, e)
				break
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no package of the list has %q in its name", only)
	}
	return chosen, nil
}
