// Package appconfig understands Backstage's app-config documents: it parses them from YAML or JSON, merges layers of
// them, compares them path by path and finds the secrets they refer to. It is pure: no I/O, no clock, and the same
// answer in the Terraform provider at plan and in orbitd at apply.
//
// A document means what Backstage's own loader would make of it (@backstage/config-loader with the npm package yaml,
// YAML 1.2 core schema), so yes, no, on and off are strings, 0o17 is octal, 0777 is the decimal 777, there are no dates
// and "<<" is an ordinary key. What Backstage would accept but could not mean well is refused with a diagnostic: two
// equal keys, custom tags, infinities, $file and $include.
//
// A path into a document is written backend.cors.origin, proxy.endpoints["/argocd/api"] or catalog.locations[1].target;
// see [Path].
package appconfig
