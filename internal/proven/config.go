package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// document composes the app-config that an entry is booted with: what its packages' schemas demand, and over that what
// the hints say, which a schema does not.
func document(folder string, e entry, demanded appconfig.Document) (appconfig.Document, error) {
	layers := []appconfig.Document{demanded}
	packages := e.all()
	for i := len(packages) - 1; i >= 0; i-- { // the subject's own goes over those of what it needs
		d, err := hint(folder, packages[i].name)
		if err != nil {
			return appconfig.Document{}, err
		}
		layers = append(layers, d)
	}
	return appconfig.Merge(layers...), nil
}

// hint reads <folder>/<package>.yaml; without that file the package needs nothing that its schema does not say.
func hint(folder, name string) (appconfig.Document, error) {
	file := filepath.Join(folder, filepath.FromSlash(name)+".yaml")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return appconfig.Document{}, nil
	}
	if err != nil {
		return appconfig.Document{}, fmt.Errorf("read the config of %s: %w", name, err)
	}
	d, diagnostics := appconfig.Parse(string(text))
	if orbit.HasErrors(diagnostics) {
		return appconfig.Document{}, fmt.Errorf("read %s: %s", file, diagnostics[0])
	}
	return d, nil
}
