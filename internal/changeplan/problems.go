package changeplan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Demand is what a package demands of a part of its app-config. Where it is not met the process does not start, or it
// starts and does not do what is asked.
type Demand struct {
	// Path leads to the part; "*" stands for any key and "[]" for any item of a list.
	Path []string
	// Package is the one that demands it.
	Package string
	// Since is the oldest release for which the demand was checked.
	Since string
	// Plugin is the plugin that does not start when the demand is not met; "" when none does.
	Plugin string
	// Silent says that the process starts nevertheless, and does not do what is asked.
	Silent bool
	// check reports what is wrong with the part. It is asked about parts that are set, and stays silent about what a
	// reference to a secret may turn out to be.
	check func(part part)
}

// part is a part of a document that a demand looks at.
type part struct {
	path  appconfig.Path
	value appconfig.Value
	// state is what the document belongs to, effective the whole document.
	state     State
	effective appconfig.Document
	report    func(path appconfig.Path, why string)
}

func (p part) wrong(format string, args ...any) { p.report(p.path, fmt.Sprintf(format, args...)) }

// field is the part at a key of a mapping, whether it is set or not.
func (p part) field(key string) part {
	return part{p.path.Child(appconfig.Key(key)), p.value.Field(key), p.state, p.effective, p.report}
}

// items are the parts of a list.
func (p part) items() []part {
	var items []part
	for i, item := range p.value.Items() {
		items = append(items, part{p.path.Child(appconfig.Index(i)), item, p.state, p.effective, p.report})
	}
	return items
}

// Problems says what is wrong with the app-config that the state comes to: with errors a process would not start with
// it, with warnings it would not do what is asked. It knows the packages of the releases, see [Demands], and leaves to
// other checks what they say: references to secrets, keys that orbitd sets, the types in the packages' schemas.
//
// The state is the whole set: of a part of it, an instance without the plugins that others declare, what is missing may
// be theirs to set.
func Problems(state State) []orbit.Diagnostic {
	document := state.Effective()
	var found []orbit.Diagnostic
	for _, demand := range Demands() {
		demand.ask(state, document, func(path appconfig.Path, why string) {
			found = append(found, demand.diagnostic(document, path, why))
		})
	}
	for i := range found {
		Locate(state, &found[i])
	}
	slices.SortStableFunc(found, func(a, b orbit.Diagnostic) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(found)
}

// ask reports what of the document does not meet the demand.
func (d Demand) ask(state State, document appconfig.Document, report func(path appconfig.Path, why string)) {
	visit(part{value: document.Value(), state: state, effective: document, report: report}, d.Path, d.check)
}

// crippled says whether a process with this document runs without a plugin that was let fail: what that one reads
// lazily or listens to, nobody reads or listens to then.
func crippled(state State, document appconfig.Document) (is bool) {
	for _, demand := range Demands() {
		if !demand.Silent && MayFail(document, demand.Plugin) {
			demand.ask(state, document, func(appconfig.Path, string) { is = true })
		}
	}
	return is
}

func visit(at part, path []string, look func(part)) {
	switch {
	case at.value.Kind() == appconfig.Missing || at.value.Kind() == appconfig.Null:
	case len(path) == 0:
		look(at)
	case path[0] == "[]":
		for _, item := range at.items() {
			visit(item, path[1:], look)
		}
	case path[0] == "*":
		for key := range at.value.Fields() {
			visit(at.field(key), path[1:], look)
		}
	default:
		visit(at.field(path[0]), path[1:], look)
	}
}

func (d Demand) diagnostic(document appconfig.Document, path appconfig.Path, why string) orbit.Diagnostic {
	switch {
	case d.Silent:
		return orbit.Diagnostic{Code: orbit.CodeNoEffect, Severity: orbit.SeverityWarning, Path: path.String(), Message: why}
	case d.Plugin != "" && MayFail(document, d.Plugin):
		return orbit.Diagnostic{Code: orbit.CodeNoEffect, Severity: orbit.SeverityWarning, Path: path.String(),
			Message: fmt.Sprintf("%s; Backstage starts without the plugin %s then, as backstage.startup asks", why, d.Plugin)}
	}
	return orbit.Diagnostic{Code: orbit.CodeWillNotBoot, Severity: orbit.SeverityError, Path: path.String(),
		Message: why + "; Backstage does not start with this"}
}

// MayFail says whether the document lets Backstage start without the plugin, as createAllowBootFailurePredicate reads
// it.
func MayFail(document appconfig.Document, plugin string) bool {
	startup := document.At(appconfig.Keys("backend", "startup"))
	if own := startup.Field("plugins").Field(plugin).Field("onPluginBootFailure"); own.Kind() == appconfig.String {
		return own.Text() == "continue"
	}
	return startup.Field("default").Field("onPluginBootFailure").Text() == "continue"
}

// Locate finds out whose text a diagnostic with a path is about, and where in it: Plugin, Line and Column are set. What
// is not there, a missing key, is where the nearest mapping above it is. A diagnostic whose Path is none stays as it is.
func Locate(state State, d *orbit.Diagnostic) {
	path, err := appconfig.ParsePath(d.Path)
	if err != nil {
		return
	}
	fragments := state.Fragments()
	names := slices.Sorted(maps.Keys(fragments))
	for at := path; len(at) > 0; at = at[:len(at)-1] {
		for _, name := range names {
			if fragments[name].At(at).Kind() != appconfig.Missing {
				d.Plugin = name
				d.Line, d.Column = fragments[name].Position(at)
				return
			}
		}
		if state.Config.At(at).Kind() != appconfig.Missing {
			break
		}
	}
	d.Line, d.Column = state.Config.Position(path)
}
