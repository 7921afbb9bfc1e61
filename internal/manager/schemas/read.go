package schemas

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

// readTimeout bounds one run of the program that reads schemas.
const readTimeout = time.Minute

// maxHeap bounds what it takes of memory: types can be written that have no end. The release's own take 200 MB.
const maxHeap = "--max-old-space-size=1024"

func releaseKey(base bundle.Bundle) string { return bundle.Hash("schemas", base.Hash) }

// packageKey names the schemas of a package: its types can be those of the release.
func packageKey(base bundle.Bundle, p bundle.LockedPackage) string {
	return bundle.Hash("schemas", base.Hash, p.Name, p.Version, p.Integrity)
}

// readRelease reads and keeps the schemas of the release itself, where they are not kept already.
func (k *Keeper) readRelease(ctx context.Context, base bundle.Bundle) error {
	kept := func() bool {
		_, found := k.kept(releaseKey(base))
		return found
	}
	return k.unless(ctx, kept, func() error {
		found, err := k.read(ctx, base)
		if err != nil {
			return fmt.Errorf("read the config schemas of the release: %w", err)
		}
		return k.write(releaseKey(base), found)
	})
}

// readPackages reads and keeps the schemas of those of the packages, which need not be installed, that are not kept.
func (k *Keeper) readPackages(ctx context.Context, base bundle.Bundle, packages []bundle.LockedPackage) error {
	var missing []bundle.LockedPackage
	kept := func() bool {
		missing = slices.DeleteFunc(slices.Clone(packages), func(p bundle.LockedPackage) bool {
			_, found := k.kept(packageKey(base, p))
			return found
		})
		return len(missing) == 0
	}
	return k.unless(ctx, kept, func() error {
		found, err := k.fetchAndRead(ctx, base, missing)
		if err != nil {
			return err
		}
		for _, p := range missing { // also those that turned out to have none
			if err := k.write(packageKey(base, p), found.only(p.Name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// unless reads where it is not kept, one at a time: what waits may find that the one before has read it.
func (k *Keeper) unless(ctx context.Context, kept func() bool, read func() error) error {
	if kept() {
		return nil
	}
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
	case <-ctx.Done():
		return fmt.Errorf("wait for other config schemas to be read: %w", context.Cause(ctx))
	}
	if kept() {
		return nil
	}
	return read()
}

func (k *Keeper) fetchAndRead(ctx context.Context, base bundle.Bundle, packages []bundle.LockedPackage) (serialised, error) {
	plugins := make([]bundle.Plugin, len(packages))
	for i, p := range packages {
		plugins[i] = bundle.Plugin{Package: p.Name, Version: p.Version}
	}
	contents, err := k.Fetch(ctx, plugins)
	if err != nil {
		return serialised{}, fmt.Errorf("fetch packages to read their config schemas: %w", err)
	}
	dir, err := os.MkdirTemp(k.Dir, readingPrefix)
	if err != nil {
		return serialised{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	folders := make([]string, 0, 2*len(contents))
	for i, files := range contents {
		folder := filepath.Join(dir, strconv.Itoa(i))
		if err := unpack(folder, files); err != nil {
			return serialised{}, fmt.Errorf("unpack %s: %w", plugins[i], err)
		}
		folders = append(folders, "--package", folder)
	}
	found, err := k.read(ctx, base, folders...)
	if err != nil {
		return serialised{}, fmt.Errorf("read the config schemas of packages: %w", err)
	}
	return found, nil
}

// unpack makes a folder with the files.
func unpack(folder string, files map[string]string) error {
	for name, text := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the file %q leads out of the package", name)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// serialised is what schema.mjs prints.
type serialised struct {
	Version int      `json:"backstageConfigSchemaVersion"`
	Schemas []schema `json:"schemas"`
	Errors  []fault  `json:"errors,omitempty"`
}

type schema struct {
	Package string          `json:"packageName"`
	Path    string          `json:"path"`
	Value   json.RawMessage `json:"value"`
}

type fault struct {
	Package string `json:"packageName"`
	Message string `json:"message"`
}

// only is the part of one package.
func (s serialised) only(name string) serialised {
	part := serialised{Version: s.Version, Schemas: []schema{}}
	for _, one := range s.Schemas {
		if one.Package == name {
			part.Schemas = append(part.Schemas, one)
		}
	}
	return part
}

// read runs the program on the bundle's own Node.js. It gets no environment: neither orbitd's secrets nor npm's.
func (k *Keeper) read(ctx context.Context, base bundle.Bundle, folders ...string) (serialised, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readTimeout, fmt.Errorf("it took longer than %s", readTimeout))
	defer cancel()
	args := append([]string{maxHeap, filepath.Join(k.Host, "schema.mjs"), "--bundle", base.Dir}, folders...)
	cmd := exec.CommandContext(ctx, bundle.Node(base.Dir), args...)
	cmd.Env = []string{"TMPDIR=" + k.Dir}
	cmd.Dir = k.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return serialised{}, context.Cause(ctx)
		}
		return serialised{}, fmt.Errorf("%s: %w", strings.TrimSpace(stderr.String()), err)
	}
	var found serialised
	if err := json.Unmarshal(stdout.Bytes(), &found); err != nil {
		return serialised{}, fmt.Errorf("schema.mjs printed no JSON: %w", err)
	}
	for _, f := range found.Errors {
		k.Logger.InfoContext(ctx, "a package's config schema cannot be read whole", "package", f.Package, "error", f.Message)
	}
	return found, nil
}

// write keeps the value under the key, whole or not at all.
func (k *Keeper) write(key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(k.Dir, keepingPrefix)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // after the rename there is nothing under this name
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), k.file(key))
	}
	if err != nil {
		return fmt.Errorf("keep config schemas: %w", err)
	}
	return nil
}
