package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

// results are those of all releases, by package.
type results []backstage.ProvenPackage

// of returns what is recorded for the package on the release.
func (r results) of(release, name string) (backstage.ProvenPackage, bool) {
	i := slices.IndexFunc(r, func(p backstage.ProvenPackage) bool { return p.Release == release && p.Package == name })
	if i < 0 {
		return backstage.ProvenPackage{}, false
	}
	return r[i], true
}

// with returns the results with this one in place of an older one for the same package and release.
func (r results) with(p backstage.ProvenPackage) results {
	merged := append(r.without(func(q backstage.ProvenPackage) bool {
		return q.Release == p.Release && q.Package == p.Package
	}), p)
	slices.SortFunc(merged, func(a, b backstage.ProvenPackage) int {
		return strings.Compare(a.Package+" "+a.Release, b.Package+" "+b.Release)
	})
	return merged
}

// listed returns the results of packages that are on the list still.
func (r results) listed(entries []entry) results {
	return r.without(func(p backstage.ProvenPackage) bool {
		return !slices.ContainsFunc(entries, func(e entry) bool { return e.subject.name == p.Package })
	})
}

func (r results) without(unwanted func(backstage.ProvenPackage) bool) results {
	return slices.DeleteFunc(slices.Clone(r), unwanted)
}

func readResults(file string) (results, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the results: %w", err)
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read the results in %s: %w", file, err)
	}
	return r, nil
}

// save writes the results as a whole or not at all.
func (r results) save(file string) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // people read it
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return replace(file, text.Bytes())
}

func replace(file string, content []byte) error {
	if err := os.WriteFile(file+".new", content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
