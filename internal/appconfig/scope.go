package appconfig

import "strings"

// scopeWord stands between a name and whose it is. No name that a user gives has a space, so that none is taken for one
// with a scope.
const scopeWord = " of "

// ScopedName is how a composed document refers to a name that one owner alone has: "TOKEN of @acme/plugin-x".
func ScopedName(name, owner string) string { return name + scopeWord + owner }

// SplitScope undoes ScopedName; owner is "" for a name without a scope.
func SplitScope(scoped string) (name, owner string) {
	name, owner, _ = strings.Cut(scoped, scopeWord)
	return name, owner
}

// Scoped makes those references the owner's that are to names which it has of its own, so that the document can be merged
// with documents of others that have the same names.
func (d Document) Scoped(owner string, own func(name string) bool) Document {
	return d.replace(func(text string) (string, bool) {
		return referencePattern.ReplaceAllStringFunc(text, func(match string) string {
			if strings.HasPrefix(match, "$$") {
				return match
			}
			inner := match[2 : len(match)-1]
			name, _, _ := strings.Cut(inner, ":-")
			if !own(trim(name)) {
				return match
			}
			return "${" + ScopedName(trim(name), owner) + inner[len(name):] + "}"
		}), true
	})
}
