package changeplan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// variableMark begins the token of a variable, which is its value, so that it is not taken for a secret's.
const variableMark = "="

// token is what tells one value of a name from another, as the effective app-config refers to it; ok is false where the
// name is not defined.
func (s State) token(scoped string) (token string, ok bool) {
	name, owner := appconfig.SplitScope(scoped)
	if owner != "" {
		token, ok = s.Plugins[owner].Secrets[name]
		return token, ok
	}
	if token, ok = s.Secrets[name]; ok {
		return token, true
	}
	value, ok := s.Variables[name]
	return variableMark + value, ok
}

// sameToken says whether the name stands for the same value before and after.
func (c *comparison) sameToken(name string) bool {
	before, defined := c.before.token(name)
	after, stays := c.after.token(name)
	return defined == stays && before == after
}

// scoped is the plugin's document with the references to its own secrets told apart from all others.
func (p Plugin) scoped(name string) appconfig.Document {
	if len(p.Secrets) == 0 {
		return p.Config
	}
	return p.Config.Scoped(name, p.owns)
}

// owns says whether the name is one of the plugin's own secrets.
func (p Plugin) owns(name string) bool {
	_, ok := p.Secrets[name]
	return ok
}

// rescoped says whether a plugin's document refers at the path to a name that is the plugin's own on one side only.
func (c *comparison) rescoped(path appconfig.Path) bool {
	for name, plugin := range c.after.Plugins {
		for _, referred := range plugin.Config.At(path).Names() {
			if plugin.owns(referred) != c.before.Plugins[name].owns(referred) {
				return true
			}
		}
	}
	return false
}

// namesChanged says what happened to a part of the app-config that refers to the names, which have other values now.
func (c *comparison) namesChanged(names []string) string {
	var variables []string
	secrets := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, now := c.after.Variables[name]
		_, before := c.before.Variables[name]
		if now || before {
			variables = append(variables, name)
		}
		return now || before
	})
	var parts []string
	if len(variables) > 0 {
		parts = append(parts, fmt.Sprintf("the %s that it refers to changed", counted("variable", variables)))
	}
	if len(secrets) > 0 {
		happened := "changed"
		if c.after.OneVersion {
			happened = "may have changed (secrets_wo_version did)"
		}
		parts = append(parts, fmt.Sprintf("the %s that it refers to %s", counted("secret", secrets), happened))
	}
	return strings.Join(parts, " and ")
}

// counted is "secret A" or "secrets A, B".
func counted(noun string, names []string) string {
	if len(names) > 1 {
		noun += "s"
	}
	return noun + " " + strings.Join(names, ", ")
}
