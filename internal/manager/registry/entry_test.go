package registry_test

import (
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
)

func TestDefaultExport(t *testing.T) {
	t.Parallel()
	const esModule = "'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\n"
	for name, test := range map[string]struct{ text, want string }{
		"CommonJS by a dot":               {esModule + "exports.default = plugin.catalogPlugin;\n", "feature"},
		"CommonJS by a name":              {esModule + "exports[\"default\"] = blackDuckPlugin;\n", "feature"},
		"CommonJS by a property":          {"Object.defineProperty(exports, 'default', { get: () => p });", "feature"},
		"CommonJS in one line":            {`"use strict";Object.defineProperty(exports,"__esModule",{value:!0});var e=require("./p");exports.default=e.plugin;`, "feature"},
		"void 0 first":                    {esModule + "exports.default = exports.x = void 0;\n", "feature"},
		"ECMAScript":                      {"import { p } from './p';\nexport default p;\n", "feature"},
		"ECMAScript, renamed":             {"const p = 1;\nexport { x, p as default };\n", "feature"},
		"ECMAScript, from another module": {"export { default } from './plugin';\nexport { x } from './x';", "feature"},
		"ECMAScript, with names":          {"export { x, default } from './plugin';", "feature"},
		"names only":                      {esModule + "exports.createRouter = createRouter;\n", "legacy"},
		"a default import is no export": {esModule + "var Router__default = _interopDefaultLegacy(Router);\nfunction _interopDefaultLegacy (e) " +
			"{ return e && typeof e === 'object' && 'default' in e ? e : { 'default': e }; }\nn[\"default\"] = e;\nexports.createRouter = createRouter;\n", "legacy"},
		"names by property": {esModule + "Object.defineProperty(exports, 'readMe', { enumerable: true, get: function () { return r.readMe; } });\n", "legacy"},
		"all names of another": {esModule + "exports.a = a;\nObject.keys(m).forEach(function (k) {\n if (k !== 'default' && " +
			"!Object.prototype.hasOwnProperty.call(exports, k)) Object.defineProperty(exports, k, { get: function () { return m[k]; } });\n});\n", "legacy"},
		"ECMAScript names":    {"import d from './d';\nexport { createRouter, d };\n", "legacy"},
		"ECMAScript function": {"export async function createRouter() {}\n", "legacy"},
		"all at once":         {esModule + "exports.a = a;\nmodule.exports = require('./other');\n", "unknown"},
		"a helper exports":    {esModule + "exports.a = a;\n__exportStar(require('./other'), exports);\n", "unknown"},
		"a helper with names": {"var src_exports = {};\n__export(src_exports, { x: () => x });\nexports.a = 1;\n", "unknown"},
		"a factory":           {"(function (exports) { exports.a = 1; })(exports);\n", "unknown"},
		"nothing":             {"", "unknown"},
		"no module":           {"<html>", "unknown"},
	} {
		if got := registry.DefaultExport(test.text); got != test.want {
			t.Errorf("%s: the default export is %s, want %s", name, got, test.want)
		}
	}
}

func TestTheMainEntryPointIsTheOneThatRequireFinds(t *testing.T) {
	t.Parallel()
	const has, hasNot = "exports.default = p;\n", "exports.createRouter = r;\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"main":                  {map[string]string{"package.json": `{"main":"dist/index.cjs.js"}`, "dist/index.cjs.js": has}, "feature"},
		"main with a dot":       {map[string]string{"package.json": `{"main":"./dist/index.cjs.js"}`, "dist/index.cjs.js": has}, "feature"},
		"main without its end":  {map[string]string{"package.json": `{"main":"dist/index"}`, "dist/index.js": has}, "feature"},
		"main is a folder":      {map[string]string{"package.json": `{"main":"dist"}`, "dist/index.js": has}, "feature"},
		"no main":               {map[string]string{"package.json": `{}`, "index.js": has}, "feature"},
		"exports before main":   {map[string]string{"package.json": `{"main":"old.js","exports":{".":"./new.js"}}`, "old.js": hasNot, "new.js": has}, "feature"},
		"exports is a file":     {map[string]string{"package.json": `{"exports":"./new.js"}`, "new.js": has}, "feature"},
		"conditions at the top": {map[string]string{"package.json": `{"exports":{"import":"./a.mjs","require":"./b.js"}}`, "a.mjs": hasNot, "b.js": has}, "feature"},
		"conditions in order":   {map[string]string{"package.json": `{"exports":{".":{"types":"./t.d.ts","import":"./a.mjs","node":{"import":"./a.mjs","require":"./b.js"},"default":"./a.mjs"}}}`, "a.mjs": hasNot, "b.js": has}, "feature"},
		"legacy":                {map[string]string{"package.json": `{"main":"index.js"}`, "index.js": hasNot}, "legacy"},
		"alpha by exports":      {map[string]string{"package.json": `{"exports":{".":"./i.js","./alpha":{"require":"./a.js"}}}`, "i.js": hasNot, "a.js": has}, "alpha"},
		"alpha by a folder":     {map[string]string{"package.json": `{"main":"dist/i.js"}`, "dist/i.js": hasNot, "alpha/package.json": `{"main":"../dist/a.js"}`, "dist/a.js": has}, "alpha"},
		"alpha without":         {map[string]string{"package.json": `{"exports":{".":"./i.js","./alpha":"./a.js"}}`, "i.js": hasNot, "a.js": hasNot}, "legacy"},
		"outside":               {map[string]string{"package.json": `{"main":"../../etc/passwd"}`, "etc/passwd": hasNot}, "unknown"},
		"not there":             {map[string]string{"package.json": `{"main":"dist/index.js"}`}, "unknown"},
		"no package.json":       {map[string]string{"index.js": hasNot}, "unknown"},
		"garbage":               {map[string]string{"package.json": `[1]`, "index.js": hasNot}, "unknown"},
		"endless conditions":    {map[string]string{"package.json": `{"exports":{".":` + nested(`"./i.js"`) + `}}`, "i.js": hasNot}, "unknown"},
	} {
		if got := registry.ReadEntry(test.files); got != test.want {
			t.Errorf("%s: the entry is %s, want %s", name, got, test.want)
		}
	}
}

// nested are conditions in conditions, deeper than anybody writes them.
func nested(inside string) string {
	for range 100 {
		inside = `{"default":` + inside + `}`
	}
	return inside
}
