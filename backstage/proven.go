package backstage

import (
	_ "embed" // the results
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ProvenPackage is what became of a backend plugin or module when it was booted on a real instance: one line of
// proven/results.json, which `make proven` writes.
type ProvenPackage struct {
	// Package is the npm package's name.
	Package string `json:"package"`
	// Version is the exact version that was tried; "" when the registry has none.
	Version string `json:"version"`
	// Booted says whether Backstage was ready with the package loaded.
	Booted bool `json:"booted"`
	// Reason is why it did not boot, in one line and in Backstage's or npm's own words; "" when it did.
	Reason string `json:"reason"`
	// BootSeconds is the time from the start of the process until the instance served requests, on an empty database;
	// 0 when it did not boot.
	BootSeconds float64 `json:"boot_s"`
	// AddedMB is the process's resident memory, in units of 1,000,000 bytes, above that of an instance with the release
	// alone. Below about 20 either way it is noise; 0 when it did not boot.
	AddedMB float64 `json:"rss_mb"`
	// Release is the Backstage release it was tried with.
	Release string `json:"release"`
	// InRelease says that the package is part of that release, so that nothing was added to it.
	InRelease bool `json:"in_release,omitempty"`
	// With are the packages, name@version, that were added beside it, because it does not work without them.
	With []string `json:"with,omitempty"`
	// Config is the app-config it was booted with, as JSON; absent when it needs none.
	Config json.RawMessage `json:"config,omitempty"`
}

// Publisher is the scope of the package's name, "@roadiehq" for example; "" for a name without one.
func (p ProvenPackage) Publisher() string {
	scope, _, scoped := strings.Cut(p.Package, "/")
	if !scoped {
		return ""
	}
	return scope
}

// Proven returns what is known about packages on that release, by name. The caller must not change what it holds.
func Proven(release string) []ProvenPackage {
	return slices.DeleteFunc(slices.Clone(results()), func(p ProvenPackage) bool { return p.Release != release })
}

//go:embed proven/results.json
var provenFile []byte

var results = sync.OnceValue(func() []ProvenPackage {
	var all []ProvenPackage
	if err := json.Unmarshal(provenFile, &all); err != nil {
		panic(fmt.Sprintf("backstage: embedded proven/results.json: %v", err))
	}
	return all
})
