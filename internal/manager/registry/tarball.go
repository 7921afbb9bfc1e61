package registry

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

const (
	// maxPacked bounds the package that is fetched to look into it, in bytes as the registry hands it out.
	maxPacked = 20 << 20
	// maxUnpacked bounds what is read of it.
	maxUnpacked = 64 << 20
	// maxSource bounds each file that is looked at, and maxSources all of them.
	maxSource  = 1 << 20
	maxSources = 16 << 20
)

var errTooLarge = errors.New("the package is too large to look into")

// sources are the files of a package that have code or say where it is, by their path inside the package.
type sources map[string]string

// fetch gets the package from the registry and reads it, in memory: nothing of it is written under a name of its own.
func (r *Registry) fetch(ctx context.Context, plugin bundle.Plugin) (sources, error) {
	dir, err := os.MkdirTemp(r.Dir, ".package-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := r.run(ctx, []string{"pack", plugin.String(), "--json", "--ignore-scripts", "--pack-destination", dir,
		"--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"}); err != nil {
		return nil, asError(plugin, err)
	}
	packed, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(packed) != 1 {
		return nil, fmt.Errorf("npm pack %s gave no package", plugin)
	}
	file, err := os.Open(packed[0])
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || info.Size() > maxPacked {
		return nil, errTooLarge
	}
	return readSources(file)
}

// readSources reads a package as npm packs it.
func readSources(packed io.Reader) (sources, error) {
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("read the package: %w", err)
	}
	bounded := &io.LimitedReader{R: unzipped, N: maxUnpacked}
	archive := tar.NewReader(bounded)
	found, room := make(sources), int64(maxSources)
	for {
		header, err := archive.Next()
		switch {
		case bounded.N <= 0:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("read the package: %w", err)
		}
		_, name, inside := strings.Cut(path.Clean(header.Name), "/") // npm drops the first folder, whatever its name
		if !inside || header.Typeflag != tar.TypeReg || !isSource(name) {
			continue
		}
		if room -= header.Size; header.Size > maxSource || room < 0 {
			return nil, errTooLarge
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("read the package: %w", err)
		}
		found[name] = string(text)
	}
}

func isSource(name string) bool {
	return slices.Contains([]string{".js", ".cjs", ".mjs", ".json"}, path.Ext(name))
}
