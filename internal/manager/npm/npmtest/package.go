package npmtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1" //nolint:gosec // registries give it beside the integrity
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
)

// Package is one version of a package of a Registry.
type Package struct {
	Name, Version string
	// Manifest are the other fields of its package.json: dependencies, backstage, engines, deprecated and so on.
	Manifest map[string]any
	// Files are its files beside package.json, by path.
	Files map[string]string
	// Pad adds a file of so many random bytes, which do not compress.
	Pad int
	// Integrity is the hash of the tarball that the registry states; "" for the right one.
	Integrity string
	// Tarball is where the registry says that the tarball is; "" for the registry itself.
	Tarball string
	// Unhashed makes the registry state no hash at all.
	Unhashed bool
}

// Plugin is a package that is a backend plugin, with what its index.js says when it is loaded.
func Plugin(name, version, pluginID string) Package {
	return Package{Name: name, Version: version, Manifest: map[string]any{
		"main": "index.js", "backstage": map[string]any{"role": "backend-plugin", "pluginId": pluginID},
	}, Files: map[string]string{"index.js": "module.exports = {};\n"}}
}

// With returns the package with another field in its package.json.
func (p Package) With(field string, value any) Package {
	p.Manifest = maps.Clone(p.Manifest)
	if p.Manifest == nil {
		p.Manifest = map[string]any{}
	}
	p.Manifest[field] = value
	return p
}

// Needs returns the package with these dependencies, ranges by name.
func (p Package) Needs(dependencies map[string]string) Package {
	return p.With("dependencies", dependencies)
}

func (p Package) manifest() map[string]any {
	manifest := map[string]any{"name": p.Name, "version": p.Version}
	maps.Copy(manifest, p.Manifest)
	return manifest
}

func (p Package) file() string { return path.Base(p.Name) + "-" + p.Version + ".tgz" }

// dist is what the registry says about the tarball.
func (r release) dist(url string) map[string]any {
	size := r.Pad
	for _, text := range r.Files {
		size += len(text)
	}
	dist := map[string]any{
		"tarball": url + "/" + r.Name + "/-/" + r.file(), "unpackedSize": size, "fileCount": len(r.Files) + 1,
	}
	if r.Tarball != "" {
		dist["tarball"] = r.Tarball
	}
	if r.Unhashed {
		return dist
	}
	strong, weak := sha512.Sum512(r.tarball), sha1.Sum(r.tarball) //nolint:gosec // as above
	dist["integrity"] = "sha512-" + base64.StdEncoding.EncodeToString(strong[:])
	dist["shasum"] = hex.EncodeToString(weak[:])
	if r.Integrity != "" {
		dist["integrity"] = r.Integrity
		delete(dist, "shasum")
	}
	return dist
}

// pack makes the tarball. Equal packages have equal tarballs.
func (p Package) pack() ([]byte, error) {
	manifest, err := json.Marshal(p.manifest())
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"package.json": manifest}
	for name, text := range p.Files {
		files[name] = []byte(text)
	}
	if p.Pad > 0 {
		padding := make([]byte, p.Pad)
		_, _ = rand.NewChaCha8([32]byte{}).Read(padding) // never fails
		files["padding.bin"] = padding
	}
	var tarball bytes.Buffer
	zipped := gzip.NewWriter(&tarball)
	archive := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return tarball.Bytes(), nil
}
