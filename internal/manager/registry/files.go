package registry

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// parallelPacks is how many npms fetch packages at a time: each fetches one after the other.
const parallelPacks = 4

// Bounds of a package that is looked into.
const (
	maxPackage = 64 << 20 // bytes that are unpacked of it
	maxFile    = 4 << 20  // bytes of a file
	maxFiles   = 32 << 20 // bytes of all its files that are kept
)

// Files returns those files of each of the packages that tell what it is, by their path inside the package: its
// package.json, its code and its types. npm fetches the packages, verified, and runs nothing of them. An error about a
// package is a *bundle.Error.
func (r *Registry) Files(ctx context.Context, packages []bundle.Plugin) ([]map[string]string, error) {
	found := make([]map[string]string, len(packages))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelPacks)
	share := (len(packages) + parallelPacks - 1) / parallelPacks
	done := 0
	for part := range slices.Chunk(packages, max(share, 1)) {
		first := done
		done += len(part)
		group.Go(func() error {
			files, err := r.pack(ctx, part)
			copy(found[first:], files)
			return err
		})
	}
	return found, group.Wait()
}

// pack has npm fetch the packages and reads them.
func (r *Registry) pack(ctx context.Context, packages []bundle.Plugin) ([]map[string]string, error) {
	dir, err := os.MkdirTemp(r.Dir, ".packages-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	args := append([]string{"pack", "--json", "--ignore-scripts", "--prefer-offline", "--pack-destination", dir}, hasty...)
	for _, p := range packages {
		args = append(args, p.String())
	}
	select {
	case r.asking <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("fetch packages: %w", context.Cause(ctx))
	}
	printed, err := r.NPM.Run(ctx, npm.Call{Dir: r.Dir, NodeDir: r.Bundles.NodeDir(), Args: args, MaxFile: r.maxTarball})
	<-r.asking
	var failure *npm.Failure
	if errors.As(err, &failure) && failure.FileTooLarge() {
		return nil, fmt.Errorf("fetch packages: %w", errTooLarge)
	}
	if err != nil {
		return nil, packError(packages, err)
	}
	var tarballs []struct {
		Filename string `json:"filename"`
	}
	if err := json.Unmarshal(printed, &tarballs); err != nil {
		return nil, fmt.Errorf("read what npm pack fetched: %w", err)
	}
	if len(tarballs) != len(packages) {
		return nil, fmt.Errorf("npm pack fetched %d of %d packages", len(tarballs), len(packages))
	}
	found := make([]map[string]string, len(packages))
	for i, tarball := range tarballs {
		if found[i], err = unpack(filepath.Join(dir, filepath.Base(tarball.Filename))); err != nil {
			return nil, fmt.Errorf("look into %s: %w", packages[i], err)
		}
		// npm gives the tarballs of @a/b-c and @a-b/c one name.
		var m npm.Manifest
		if err := json.Unmarshal([]byte(found[i]["package.json"]), &m); err != nil || m.Name != packages[i].Package {
			return nil, fmt.Errorf("look into %s: npm packed %q in its place", packages[i], m.Name)
		}
	}
	return found, nil
}

// packError says what npm's failure means.
func packError(packages []bundle.Plugin, err error) error {
	if len(packages) == 1 {
		return asError(packages[0], err)
	}
	found := &bundle.Error{Code: orbit.CodeUnchecked, Detail: npm.WithoutCredentials(err.Error())}
	if failure := (*npm.Failure)(nil); errors.As(err, &failure) {
		found.Detail, found.Plugin = failure.Words(), failure.Subject()
	}
	return found
}

var errTooLarge = errors.New("it is too large to look into")

// unpack reads the files of a package as npm packs it, in memory.
func unpack(tarball string) (map[string]string, error) {
	file, err := os.Open(tarball)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	bounded := &io.LimitedReader{R: unzipped, N: maxPackage}
	archive := tar.NewReader(bounded)
	files, room := map[string]string{}, int64(maxFiles)
	for {
		header, err := archive.Next()
		switch {
		case bounded.N <= 0:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, err
		}
		name, tells := tellingFile(header)
		if !tells {
			continue
		}
		if header.Size > maxFile || header.Size > room {
			continue // no config schema is that large, and no entry point that anybody reads
		}
		room -= header.Size
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[name] = string(text)
	}
}

// tellingFile is the path inside the package of a file that tells what it is. npm drops the first folder of every path.
func tellingFile(header *tar.Header) (name string, tells bool) {
	_, name, inside := strings.Cut(path.Clean(header.Name), "/")
	tells = inside && header.Typeflag == tar.TypeReg && filepath.IsLocal(name) &&
		slices.Contains([]string{".json", ".js", ".cjs", ".mjs", ".ts"}, path.Ext(name))
	return name, tells
}
