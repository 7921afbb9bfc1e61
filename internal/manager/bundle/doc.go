// Package bundle installs the packages that instances run: a release, or a release with a set of plugins.
//
// A bundle is a folder that is addressed by the hash of its inputs, complete from the moment it has its name, and
// read-only from then on, so any number of instances, and any number of orbitd processes with the same cache, share it:
//
//	<cache>/bundles/<hash>/              package.json, package-lock.json, node_modules/, .orbit-sums
//	<cache>/bundles/.build-<hash>-<n>/   a build under way, or what a dead one left
//	<cache>/bundles/.gone-<hash>-<n>/    a bundle that is being removed, or what was left of that
//	<cache>/resolved/<hash>/             package.json, package-lock.json: what the bundle is, or would be, made of
//	<cache>/used/<hash>                  its time is when an orbitd last noted that it uses <hash>
//	<cache>/locks/<hash>.lock            held with flock(2) by the one that resolves or builds <hash>
package bundle
