package registry

import (
	"bytes"
	"encoding/json"
	"path"
	"regexp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// entry is what the main entry point of a package exports by default. A Backstage process loads what is there and
// nothing else; packages of the old backend system export functions by name.
type entry string

const (
	// entryFeature: a backend feature, by what the package says, or some default export.
	entryFeature entry = "feature"
	// entryLegacy: no default export.
	entryLegacy entry = "legacy"
	// entryAlpha: no default export, and one at the entry point ./alpha.
	entryAlpha entry = "alpha"
	// entryUnknown: it is not to be told from the text.
	entryUnknown entry = "unknown"
)

// declaredEntry is what the manifest says, "" where it says nothing. That it names a feature is Backstage's own build
// tool's word; that it names none can also mean a tool that did not look.
func declaredEntry(m npm.Manifest) entry {
	if m.Backstage.Features["."] == npm.BackendFeature {
		return entryFeature
	}
	var exports map[string]struct {
		Backstage string `json:"backstage"`
	}
	if json.Unmarshal(m.Exports, &exports) == nil && exports["."].Backstage == npm.BackendFeature {
		return entryFeature
	}
	return ""
}

// sources are the files of a package by their path inside it.
type sources map[string]string

// readEntry finds out what the main entry point exports by default, from its text.
func readEntry(files sources) entry {
	var m npm.Manifest
	if err := json.Unmarshal([]byte(files["package.json"]), &m); err != nil {
		return entryUnknown
	}
	text, ok := files.find(target(m, "."))
	if !ok {
		return entryUnknown
	}
	found := defaultExport(text)
	if found != entryLegacy {
		return found
	}
	if text, ok := files.find(target(m, "./alpha")); ok && defaultExport(text) == entryFeature {
		return entryAlpha
	}
	return entryLegacy
}

// target is the file that an entry point is, as require resolves it; "" where there is none.
func target(m npm.Manifest, point string) string {
	if len(m.Exports) > 0 && !bytes.Equal(m.Exports, []byte("null")) {
		var points map[string]json.RawMessage
		if json.Unmarshal(m.Exports, &points) == nil {
			if at, ok := points[point]; ok {
				return condition(at, maxConditions)
			}
			if _, subpaths := points["."]; subpaths || point != "." {
				return ""
			}
		}
		if point != "." {
			return ""
		}
		return condition(m.Exports, maxConditions)
	}
	switch {
	case point != ".":
		// Before packages had exports, an entry point was a folder with a package.json that names its main file.
		return path.Join(point, "package.json")
	case m.Main != "":
		return m.Main
	default:
		return "index.js"
	}
}

// maxConditions bounds how deep conditions are nested.
const maxConditions = 8

// condition picks the file among those for different conditions, in their order, as Node.js does for require.
func condition(raw json.RawMessage, depth int) string {
	var file string
	if json.Unmarshal(raw, &file) == nil {
		return file
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') || depth == 0 {
		return ""
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return ""
		}
		switch name {
		case "node", "require", "module-sync", "default":
			if file := condition(value, depth-1); file != "" {
				return file
			}
		}
	}
	return ""
}

// find returns the text of a module, by the rules of require for what its name may leave out.
func (s sources) find(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	name = path.Clean(name)
	if path.Base(name) == "package.json" {
		var folder struct {
			Main string `json:"main"`
		}
		if json.Unmarshal([]byte(s[name]), &folder) != nil || folder.Main == "" {
			return "", false
		}
		name = path.Join(path.Dir(name), folder.Main)
	}
	for _, candidate := range []string{name, name + ".js", name + ".cjs", path.Join(name, "index.js")} {
		if text, ok := s[candidate]; ok {
			return text, true
		}
	}
	return "", false
}

var (
	// hasDefault are the ways in which compilers write a default export.
	hasDefault = regexp.MustCompile(`exports\s*(\.\s*default|\[\s*['"]default['"]\s*\])\s*=` +
		`|defineProperty\(\s*exports\s*,\s*['"]default['"]` +
		`|\bexport\s+default\b|\bas\s+default\b|\bexport\s*\{\s*default\b|,\s*default\s*\}\s*from`)
	// unclear are ways to export of which the text does not say whether there is a default export.
	unclear = regexp.MustCompile(`module\s*\.\s*exports|__export\(|\bexports\s*=|\(\s*exports\b|,\s*exports\s*[,)]|_exports\b`)
	// named are exports by name, in either kind of module.
	named = regexp.MustCompile(`\bexports\.[A-Za-z_$][\w$]*\s*=|defineProperty\(\s*exports\s*,\s*['"]\w|\bexport\s*\{|` +
		`\bexport\s+(const|let|var|function|async|class)\b`)
	// marks are what compilers add to every module, and what only reads exports.
	marks = regexp.MustCompile(`defineProperty\(\s*exports\s*,\s*(['"]__esModule['"]|Symbol\.toStringTag)|\.call\(\s*exports\b`)
	// property begins an export by name, or of all the names of another module, which has no default export by that.
	property = regexp.MustCompile(`defineProperty\(\s*exports\b`)
)

// defaultExport says whether a module has a default export: entryFeature, entryLegacy or entryUnknown.
func defaultExport(text string) entry {
	text = marks.ReplaceAllString(text, "")
	switch {
	case hasDefault.MatchString(text):
		return entryFeature
	case !named.MatchString(text), unclear.MatchString(property.ReplaceAllString(text, "")):
		return entryUnknown
	default:
		return entryLegacy
	}
}
