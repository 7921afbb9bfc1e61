package changeplan

import (
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// Pattern is a path of keys in which "/*" stands for any key that begins with a slash. It covers everything below.
type Pattern []string

// matches says whether the path is covered by the pattern.
func matches(pattern Pattern, path appconfig.Path) bool {
	return len(path) >= len(pattern) && agree(pattern[:min(len(pattern), len(path))], path)
}

// below says whether the pattern covers something strictly below the path, and not the path itself.
func below(pattern Pattern, path appconfig.Path) bool {
	return len(path) < len(pattern) && agree(pattern[:len(path)], path)
}

func agree(pattern Pattern, path appconfig.Path) bool {
	for i, want := range pattern {
		key, ok := path[i].Key()
		if !ok || key != want && !(want == "/*" && strings.HasPrefix(key, "/")) {
			return false
		}
	}
	return true
}
