package configschema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Check says what of the document the schemas do not take: wrong_type, invalid_value, missing_key and unknown_key, each
// with its path and the package whose schema speaks, sorted by path. Keys that orbitd sets itself are not missed. Line
// and Plugin are left to who knows the text: see changeplan.Locate.
func (s Set) Check(document appconfig.Document) []orbit.Diagnostic {
	root := s.places(document)
	found := s.faults(root, false, func(pkg string, f fault) (orbit.Diagnostic, bool) {
		return f.diagnostic(pkg, f.severity()), !f.works()
	})
	unknown := 0
	for _, key := range strangers(root) {
		if d, ok := key.diagnostic(); ok && unknown < maxFaults {
			found = append(found, d)
			unknown++
		}
	}
	return inOrder(found)
}

// faults are what the schemas do not take, as far as tell tells it of their packages.
func (s Set) faults(root *place, strict bool, tell func(pkg string, f fault) (orbit.Diagnostic, bool)) []orbit.Diagnostic {
	var found []orbit.Diagnostic
	for _, p := range s.packages {
		j := judge{pkg: p.name, strict: strict, answers: map[question]verdict{}}
		for _, f := range j.ask(p.root, root).faults {
			if d, ok := tell(p.name, f); ok {
				found = append(found, d)
			}
		}
	}
	return found
}

// inOrder sorts the diagnostics by path, and has each once.
func inOrder(found []orbit.Diagnostic) []orbit.Diagnostic {
	slices.SortStableFunc(found, func(a, b orbit.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(string(a.Code), string(b.Code)))
	})
	return slices.CompactFunc(found, func(a, b orbit.Diagnostic) bool { return a.Path == b.Path && a.Code == b.Code })
}

// owned says whether orbitd sets the path, or something below it.
func owned(path appconfig.Path) bool {
	return slices.ContainsFunc(appconfig.OwnedKeys(), func(key appconfig.OwnedKey) bool {
		return path.HasPrefix(key.Path) || key.Path.HasPrefix(path)
	})
}
