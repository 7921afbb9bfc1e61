package manager

import (
	"context"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

// Install installs the default release into the cache (bundle.DefaultDir when cacheDir is empty), builds its web app, and
// returns the release's folder. It is quick when both are there already.
func Install(ctx context.Context, cacheDir string, progress func(string)) (string, error) {
	o, err := Options{CacheDir: cacheDir}.withDefaults()
	if err != nil {
		return "", err
	}
	installer, err := openPackages(o, progress)
	if err != nil {
		return "", err
	}
	base, err := installer.Ensure(ctx, backstage.Default().Version, nil, progress)
	if err != nil {
		return "", err
	}
	_, err = installer.EnsureApp(ctx, backstage.Default().Version, nil, progress)
	return base.Dir, err
}
