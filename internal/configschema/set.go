package configschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Set is the schemas of a number of packages. It is immutable; the zero Set knows nothing and finds nothing.
type Set struct {
	packages []*schema // by name
}

// serialised is what config-loader's serialize gives. The program schema.mjs adds errors, which concern others.
type serialised struct {
	Version int     `json:"backstageConfigSchemaVersion"`
	Schemas []entry `json:"schemas"`
}

type entry struct {
	Package string          `json:"packageName"`
	Path    string          `json:"path"`
	Value   json.RawMessage `json:"value"`
}

// depth is how far the package is from the bundle's root.
func (e entry) depth() int { return strings.Count(e.Path, "node_modules/") }

// Parse reads serialised schemas, as config-loader writes them. A package that is there in several versions speaks with
// the one nearest to the bundle's root, which is the one that runs.
//
// An error may say that single schemas could not be read; the Set has the others then.
func Parse(text []byte) (Set, error) {
	var read serialised
	if err := json.Unmarshal(text, &read); err != nil {
		return Set{}, fmt.Errorf("read the serialised config schemas: %w", err)
	}
	if read.Version != 1 {
		return Set{}, fmt.Errorf("read the serialised config schemas: backstageConfigSchemaVersion is %d; want 1", read.Version)
	}
	slices.SortStableFunc(read.Schemas, func(a, b entry) int { return b.depth() - a.depth() })
	var errs []error
	var packages []*schema
	for _, s := range read.Schemas {
		compiled, err := compile(s.Package, s.Value)
		if err != nil {
			errs = append(errs, fmt.Errorf("compile the config schema of %s: %w", s.Package, err))
			continue
		}
		packages = append(packages, compiled)
	}
	return newSet(packages), errors.Join(errs...)
}

// Join is the schemas of all the sets. Where several know a package, the last one's schema holds.
func Join(sets ...Set) Set {
	var packages []*schema
	for _, set := range sets {
		packages = append(packages, set.packages...)
	}
	return newSet(packages)
}

// newSet keeps the last schema of each package.
func newSet(packages []*schema) Set {
	last := map[string]*schema{}
	for _, s := range packages {
		last[s.name] = s
	}
	set := Set{make([]*schema, 0, len(last))}
	for _, s := range last {
		set.packages = append(set.packages, s)
	}
	slices.SortFunc(set.packages, func(a, b *schema) int { return strings.Compare(a.name, b.name) })
	return set
}

// Packages are the names of the packages whose schemas the set has, sorted.
func (s Set) Packages() []string {
	names := make([]string, len(s.packages))
	for i, p := range s.packages {
		names[i] = p.name
	}
	return names
}
