package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// readSpec reads a state of an instance from the file of its app-config and a list of its plugins.
func readSpec(config, plugins string) (orbit.InstanceSpec, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return orbit.InstanceSpec{}, fmt.Errorf("read the app-config: %w", err)
	}
	spec := orbit.InstanceSpec{Release: planRelease(), Config: string(text), Plugins: map[string]orbit.PluginSpec{}}
	for part := range strings.SplitSeq(plugins, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if err := readPart(part, spec.Plugins); err != nil {
			return orbit.InstanceSpec{}, err
		}
	}
	return spec, nil
}

// readPart reads one part of a list: a plugin, or a file with a plugin a line. Only a plugin has an @ that does not
// begin it.
func readPart(part string, plugins map[string]orbit.PluginSpec) error {
	if strings.LastIndex(part, "@") > 0 {
		return readPlugin(part, "", plugins)
	}
	content, err := os.ReadFile(part)
	if err != nil {
		return fmt.Errorf("read the list of plugins: %q is not PACKAGE@VERSION, and no file: %w", part, err)
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := readPlugin(line, filepath.Dir(part), plugins); err != nil {
			return fmt.Errorf("read the list of plugins in %s: %w", part, err)
		}
	}
	return nil
}

// cutFile cuts a plugin at the = after its version. An = in front of a version, as in >=1.2.0, is an operator.
func cutFile(text string) (declaration, file string, found bool) {
	for i := 1; i < len(text); i++ {
		if text[i] == '=' && !strings.ContainsRune("@<>| =", rune(text[i-1])) {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// readPlugin reads PACKAGE@VERSION or PACKAGE@VERSION=FILE, with the file relative to the folder.
func readPlugin(text, folder string, plugins map[string]orbit.PluginSpec) error {
	declaration, file, hasFile := cutFile(text)
	at := strings.LastIndex(declaration, "@")
	if at <= 0 {
		return fmt.Errorf("%q is not PACKAGE@VERSION", text)
	}
	name, spec := declaration[:at], orbit.PluginSpec{Version: declaration[at+1:]}
	if _, twice := plugins[name]; twice {
		return fmt.Errorf("the plugin %s is in the list twice", name)
	}
	if hasFile {
		if !filepath.IsAbs(file) {
			file = filepath.Join(folder, file)
		}
		fragment, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the app-config of plugin %s: %w", name, err)
		}
		spec.Config = string(fragment)
	}
	plugins[name] = spec
	return nil
}
