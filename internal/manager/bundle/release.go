package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// layout is part of every key. It changes when the same inputs would be installed in another way.
const layout = "1"

// Release is the pinned set of packages that a bundle starts from.
type Release struct {
	// Version is the Backstage version.
	Version string
	// Manifest is its package.json; orbit.features in it lists the packages that the host loads.
	Manifest []byte
	// Lockfile is its package-lock.json.
	Lockfile []byte
	// LegacyPeers makes npm take the packages as they are locked although some say that they do not go together, as
	// frontend packages say of React.
	LegacyPeers bool
}

// Dependencies are the packages that the release names itself, with their versions.
func (r Release) Dependencies() map[string]string {
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(r.Manifest, &manifest); err != nil {
		return nil // Ensure says so
	}
	return manifest.Dependencies
}

// String names the release for people: by its version, and by what its package.json calls it.
func (r Release) String() string { return r.name() + " " + r.Version }

// name is what the release's package.json calls it.
func (r Release) name() string {
	var manifest struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(r.Manifest, &manifest); err != nil {
		return "" // Ensure says so
	}
	return manifest.Name
}

// Node is the version of Node.js that the release brings for this platform, "" for one that brings none.
func (r Release) Node() string {
	var manifest struct {
		Optional map[string]string `json:"optionalDependencies"`
	}
	if err := json.Unmarshal(r.Manifest, &manifest); err != nil {
		return "" // Ensure says so
	}
	return manifest.Optional["node-"+platform()]
}

// Plugin is one npm package in one exact version.
type Plugin struct {
	Package string
	Version string
}

// String gives the plugin as npm writes it: package@version.
func (p Plugin) String() string { return p.Package + "@" + p.Version }

// key is the hash of what the release is installed from, on this platform.
func (r Release) key() string {
	return Hash("release", platform(), string(r.Manifest), string(r.Lockfile))
}

func pluginsKey(release Release, plugins []Plugin) string {
	parts := []string{"plugins", release.key()}
	for _, plugin := range plugins {
		parts = append(parts, plugin.String())
	}
	return Hash(parts...)
}

// Hash makes a key of the parts: a name of 32 hexadecimal digits that tells lists of strings apart.
func Hash(parts ...string) string {
	sum := sha256.New()
	for _, part := range append([]string{layout}, parts...) {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:keyLength/2])
}

// keyLength is the length of a key in hexadecimal digits: enough against accidents, short enough for a path.
const keyLength = 32

var keyPattern = regexp.MustCompile(fmt.Sprintf(`^[0-9a-f]{%d}$`, keyLength))

func isKey(text string) bool { return keyPattern.MatchString(text) }

// platform names operating system and processor as npm does: linux-x64.
func platform() string {
	cpu := runtime.GOARCH
	if cpu == "amd64" {
		cpu = "x64"
	}
	return runtime.GOOS + "-" + cpu
}

func sorted(plugins []Plugin) []Plugin {
	all := slices.Clone(plugins)
	slices.SortFunc(all, func(a, b Plugin) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version))
	})
	return slices.Compact(all)
}

// Names gives the plugins as npm writes them, one after the other, for people.
func Names(plugins []Plugin) string {
	names := make([]string, len(plugins))
	for i, plugin := range plugins {
		names[i] = plugin.String()
	}
	return strings.Join(names, ", ")
}

// packagePattern is a name that the registry can have and that npm cannot take for an option, a path or an address.
var packagePattern = regexp.MustCompile(`^(@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*$`)

// archivePattern is how a version can end, by the rules for versions, that npm takes for the name of a file.
var archivePattern = regexp.MustCompile(`(?i)\.(tgz|tar\.gz|tar)$`)

// maxPackageLength is the registry's own limit, in characters.
const maxPackageLength = 214

// validate finds the plugins that npm must not even be asked for.
func validate(plugins []Plugin) error {
	versions := make(map[string]string, len(plugins))
	for _, plugin := range plugins {
		if err := plugin.Validate(); err != nil {
			return err
		}
		if other, twice := versions[plugin.Package]; twice && other != plugin.Version {
			return &Error{Code: orbit.CodeUnresolvable, Plugin: plugin.Package,
				Detail: fmt.Sprintf("the set has it in two versions, %s and %s", other, plugin.Version)}
		}
		versions[plugin.Package] = plugin.Version
	}
	return nil
}

// Validate returns an *Error, invalid_package or invalid_version, where npm must not even be asked for the plugin.
func (p Plugin) Validate() error {
	if len(p.Package) > maxPackageLength || !packagePattern.MatchString(p.Package) {
		return &Error{Code: orbit.CodeInvalidPackage, Plugin: p.Package,
			Detail: "this is no npm package name; it looks like @scope/name or name, in lower case"}
	}
	if _, err := semver.StrictNewVersion(p.Version); err != nil || archivePattern.MatchString(p.Version) {
		return &Error{Code: orbit.CodeInvalidVersion, Plugin: p.Package,
			Detail: fmt.Sprintf("%q is no exact version; it looks like 1.2.3", p.Version)}
	}
	return nil
}
