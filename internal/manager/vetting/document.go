package vetting

import (
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/configschema"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// webAppPlugin is the id of the plugin that serves the web app.
const webAppPlugin = "app"

// document returns what the schemas say about the app-config that the state comes to: those of the backend, and those of the
// web app.
func document(state changeplan.State, backend, app configschema.Set, literals []configschema.Literal, policy orbit.LiteralSecrets) []orbit.Diagnostic {
	effective := state.Effective()
	found := joined(backend.Check(effective), ofWebApp(effective, app), app)
	for _, literal := range literals {
		d := literal.Diagnostic()
		switch {
		case literal.Value == appconfig.Mask:
			d.Severity = orbit.SeverityError
			d.Message = appconfig.Mask + " is what orbitd shows in the place of a secret, after an import for example; put the secret " +
				"itself into secrets_wo and write ${NAME} here"
		case policy == orbit.LiteralsDeny:
			d.Severity = orbit.SeverityError
		}
		found = append(found, d)
	}
	for i := range found {
		locate(state, &found[i])
	}
	return found
}

// ofWebApp returns what keeps Backstage from starting with the web app, if it does not start without.
func ofWebApp(document appconfig.Document, app configschema.Set) []orbit.Diagnostic {
	found := app.CheckWebApp(document)
	for i := range found {
		if changeplan.MayFail(document, webAppPlugin) {
			found[i].Severity = orbit.SeverityWarning
		}
	}
	return found
}

// locate says whose text a finding is about. A key that stands in none is missed by a plugin, where one of the instance's
// needs it.
func locate(state changeplan.State, d *orbit.Diagnostic) {
	missedBy := d.Plugin
	d.Plugin = ""
	changeplan.Locate(state, d)
	if _, declared := state.Plugins[missedBy]; declared && d.Plugin == "" {
		d.Plugin, d.Line, d.Column = missedBy, 0, 0
	}
}

// joined are the findings of the backend and of the web app, without those of the former that are errors of the latter, or that
// are about a key of its own.
func joined(backend, frontend []orbit.Diagnostic, app configschema.Set) []orbit.Diagnostic {
	return append(frontend, slices.DeleteFunc(backend, func(d orbit.Diagnostic) bool {
		path, err := appconfig.ParsePath(d.Path)
		return d.Code == orbit.CodeUnknownKey && err == nil && app.Knows(path) ||
			slices.ContainsFunc(frontend, func(f orbit.Diagnostic) bool {
				return f.Path == d.Path && f.Code == d.Code && f.Severity == orbit.SeverityError
			})
	})...)
}

// withoutEchoes leaves out what schemas say of a path of which more is said already: that what it refers to is missing,
// what Backstage does with it, or that a secret is refused there.
func withoutEchoes(found []orbit.Diagnostic) []orbit.Diagnostic {
	undefined, fatal, idle, refused := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, d := range found {
		switch d.Code {
		case orbit.CodeUndefinedSecret:
			undefined[d.Path] = true
		case orbit.CodeWillNotBoot:
			fatal[d.Path] = true
		case orbit.CodeNoEffect:
			idle[d.Path] = true
		case orbit.CodeLiteralSecret:
			refused[d.Path] = refused[d.Path] || d.Severity == orbit.SeverityError
		}
	}
	return slices.DeleteFunc(found, func(d orbit.Diagnostic) bool {
		switch d.Code {
		case orbit.CodeMissingKey:
			return undefined[d.Path] || fatal[d.Path] || idle[d.Path] && d.Severity == orbit.SeverityWarning
		case orbit.CodeWrongType, orbit.CodeInvalidValue:
			return fatal[d.Path]
		case orbit.CodeLiteralSecret:
			return refused[d.Path] && d.Severity == orbit.SeverityWarning
		default:
			return false
		}
	})
}
