// Package configschema knows the config schemas that Backstage packages ship, and says what an app-config document does
// not keep of them: values of the wrong type, keys that are missing, keys that nobody knows, and strings that stand at
// secret paths. It is pure: no I/O, no clock.
//
// The schemas come as Backstage's config-loader serialises them. Each is JSON Schema (draft-07, compiled by
// santhosh-tekuri/jsonschema) and all have to hold, as Backstage merges them. What they are held against is what
// Backstage's readers see, and not what stands in the text, so validation follows the compiled schemas itself:
//
//   - a null unsets its key;
//   - a string with a ${REFERENCE} may turn out to be anything, and satisfies every schema;
//   - the text "8080" is a number to getNumber and "yes" is true to getBoolean of @backstage/config;
//   - additionalProperties: false speaks of the keys that its own package knows, since Backstage merges schemas with
//     ignoreAdditionalProperties: such a key is an unknown one only if no other package knows it;
//   - oneOf asks for at least one, as anyOf does: TypeScript's unions mean no more;
//   - a format is no promise, since ajv checks none there.
//
// Not everything that a schema does not take stops a change: what boots and works must not be refused, and schemas say
// something else than the code beside them. A wrong type and a value outside a choice are errors, a missing key is a
// warning, and an unknown key is an error only where it is surely a slip. The reasons are in leniency.go.
//
// A web app is the exception. Before Backstage serves one it validates the whole app-config itself, and ends where that fails:
// there schemas mean what they say, and all that is found is an error. See webapp.go.
//
// Each schema is asked about each value once, so time grows with the document and never with the ways through nested
// alternatives.
package configschema
