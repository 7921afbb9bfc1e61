package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// inspectTimeout bounds one question to the registry. A plan waits for it.
const inspectTimeout = 20 * time.Second

// Metadata is what a package says about itself. The registry never changes it for a version.
type Metadata = npm.Backstage

// Inspect asks the registry for the metadata of one exact version. Answers are kept, in memory and in the cache folder.
// A *bundle.Error says that the package or the version does not exist, or, with code unchecked, that the registry did not
// answer.
func (r *Registry) Inspect(ctx context.Context, pkg, version string) (Metadata, error) {
	plugin := bundle.Plugin{Package: pkg, Version: version}
	if err := plugin.Validate(); err != nil {
		return Metadata{}, err
	}
	if known, ok := r.known(plugin); ok {
		return known, nil
	}
	var answer struct {
		Backstage Metadata `json:"backstage"`
	}
	if err := r.view(ctx, &answer, plugin.String(), "name", "version", "backstage"); err != nil {
		return Metadata{}, r.inspectError(ctx, plugin, err)
	}
	r.keep(plugin, answer.Backstage)
	return answer.Backstage, nil
}

// view runs npm view and decodes its answer. It gives up sooner than npm would by itself: a plan is waiting.
func (r *Registry) view(ctx context.Context, answer any, spec string, fields ...string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, inspectTimeout,
		fmt.Errorf("the registry did not answer within %s", inspectTimeout))
	defer cancel()
	args := append([]string{"view", spec}, fields...)
	args = append(args, "--json", "--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000")
	stdout, err := r.NPM.Run(ctx, npm.Call{Dir: r.Dir, NodeDir: r.Bundles.NodeDir(), Args: args})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stdout, answer); err != nil {
		return fmt.Errorf("read the answer of npm view: %w", err)
	}
	return nil
}

// inspectError says what npm's failure means for the plugin.
func (r *Registry) inspectError(ctx context.Context, plugin bundle.Plugin, err error) error {
	var failure *npm.Failure
	if !errors.As(err, &failure) {
		return &bundle.Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: npm.WithoutCredentials(err.Error())}
	}
	switch {
	case failure.VersionMissing():
		return &bundle.Error{Code: orbit.CodeVersionNotFound, Plugin: plugin.Package,
			Detail: fmt.Sprintf("there is no version %s of this package%s", plugin.Version, r.newest(ctx, plugin.Package))}
	case failure.PackageMissing():
		return &bundle.Error{Code: orbit.CodePackageNotFound, Plugin: plugin.Package,
			Detail: "the registry has no package of this name, or does not show it to orbitd; " +
				"for a private package set its registry and token in the npm configuration of orbitd's user"}
	default:
		return &bundle.Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: failure.Words()}
	}
}

// newest returns a clause with the newest version of the package, "" when it cannot be told.
func (r *Registry) newest(ctx context.Context, pkg string) string {
	var version string
	if err := r.view(ctx, &version, pkg, "version"); err != nil || version == "" {
		return ""
	}
	return "; the newest is " + version
}

func (r *Registry) known(plugin bundle.Plugin) (Metadata, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.metadata[plugin]; ok {
		return known, true
	}
	text, err := os.ReadFile(r.metadataFile(plugin))
	if err != nil {
		return Metadata{}, false
	}
	var known Metadata
	if err := json.Unmarshal(text, &known); err != nil {
		return Metadata{}, false // half written by a crash: ask again
	}
	r.metadata[plugin] = known
	return known, true
}

// keep remembers the answer. That the file cannot be written only costs the next orbitd a question.
func (r *Registry) keep(plugin bundle.Plugin, metadata Metadata) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.metadata[plugin] = metadata
	text, err := json.Marshal(metadata)
	if err == nil {
		err = os.WriteFile(r.metadataFile(plugin), text, 0o644)
	}
	if err != nil {
		r.Logger.Warn("cannot keep a package's metadata", "package", plugin.String(), "error", err)
	}
}
