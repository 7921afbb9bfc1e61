// Package backstage carries the Node side of Orbit: the Backstage releases that instances can run, each as a manifest
// and a lockfile for npm, the sources of the web app, and the host, the small program that every Backstage process runs.
//
// The files are embedded, so the orbitd binary alone is complete. host/PROTOCOL.md describes how orbitd speaks to a
// host.
package backstage

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed host/*.mjs
var hostFiles embed.FS

//go:embed app/src app/public app/app-config.yaml app/build.cjs
var appFiles embed.FS

//go:embed releases/*/package.json releases/*/package-lock.json releases/*/app/package.json releases/*/app/package-lock.json
var releaseFiles embed.FS

// subtree returns a folder of embedded files, which exists as surely as this package compiles.
func subtree(files embed.FS, folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(fmt.Sprintf("backstage: embedded folder %s: %v", folder, err))
	}
	return sub
}
