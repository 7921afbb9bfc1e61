package declare

import (
	"maps"
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// With adds the names of variables to those of secrets; what is not known stays so.
func (n Names) With(variables map[string]string) Names {
	if n == nil {
		return nil
	}
	return append(slices.Clone(n), slices.Sorted(maps.Keys(variables))...)
}

// Variables checks the names of an instance's variables: they are ones that ${NAME} can refer to, and none is a secret's
// too, as far as those are known.
func Variables(variables map[string]string, secrets Names) []orbit.Diagnostic {
	var diagnostics []orbit.Diagnostic
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		path := appconfig.Keys("variables", name).String()
		diagnostics = append(diagnostics, VariableName(name)...)
		if slices.Contains(secrets, name) {
			diagnostics = append(diagnostics, problem(orbit.CodeDuplicateName, path,
				"%s is both a secret and a variable; ${%s} stands for one value, so remove it from secrets_wo or from variables", name, name)...)
		}
	}
	return diagnostics
}

// VariableName returns invalid_request unless the name is one that ${NAME} can refer to, as SecretName does.
func VariableName(name string) []orbit.Diagnostic {
	if secretName.MatchString(name) {
		return nil
	}
	return problem(orbit.CodeInvalidRequest, appconfig.Keys("variables", name).String(),
		"%q is not the name of a variable: use letters, digits and underscores, no digit first", name)
}

// LiteralSecrets returns invalid_request unless the value is one that literal_secrets may have.
func LiteralSecrets(value orbit.LiteralSecrets) []orbit.Diagnostic {
	switch value {
	case "", orbit.LiteralsWarn, orbit.LiteralsDeny:
		return nil
	default:
		return problem(orbit.CodeInvalidRequest, "literal_secrets", "literal_secrets is %q, it has to be %s or %s",
			value, orbit.LiteralsWarn, orbit.LiteralsDeny)
	}
}

// unscoped refuses references that look like those to another plugin's own secrets in the composed app-config.
func unscoped(document appconfig.Document) []orbit.Diagnostic {
	var diagnostics []orbit.Diagnostic
	for _, r := range document.References() {
		if _, owner := appconfig.SplitScope(r.Name); owner == "" {
			continue
		}
		diagnostics = append(diagnostics, orbit.Diagnostic{
			Code: orbit.CodeUndefinedSecret, Severity: orbit.SeverityError, Path: r.Path.String(), Line: r.Line, Column: r.Column,
			Message: "${" + r.Name + "} is no name of a secret or variable; a plugin's own secrets are for its own config alone",
		})
	}
	return diagnostics
}
