package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// inspectTimeout bounds one question to the registry. A plan waits for it.
const inspectTimeout = 20 * time.Second

// Metadata is what a package says about itself to Backstage. The registry never changes it for a version.
type Metadata struct {
	// Role is the package's backstage.role: backend-plugin, backend-plugin-module, frontend-plugin and so on; "" for a
	// package that says nothing.
	Role string `json:"role,omitempty"`
	// PluginID is the id of the plugin that the package is, or belongs to.
	PluginID string `json:"pluginId,omitempty"`
	// PluginPackage is, for a module, the package of the plugin that it extends.
	PluginPackage string `json:"pluginPackage,omitempty"`
	// PluginPackages are the packages that make up the plugin.
	PluginPackages []string `json:"pluginPackages,omitempty"`
}

// Inspect asks the registry for the metadata of one exact version. Answers are kept, in memory and in the cache folder.
// An *Error says that the package or the version does not exist, or, with code unchecked, that the registry did not
// answer.
func (s *Store) Inspect(ctx context.Context, pkg, version string) (Metadata, error) {
	plugin := Plugin{pkg, version}
	if err := plugin.validate(); err != nil {
		return Metadata{}, err
	}
	if known, ok := s.known(plugin); ok {
		return known, nil
	}
	var answer struct {
		Backstage Metadata `json:"backstage"`
	}
	if err := s.view(ctx, &answer, plugin.String(), "name", "version", "backstage"); err != nil {
		return Metadata{}, s.inspectError(ctx, plugin, err)
	}
	s.keep(plugin, answer.Backstage)
	return answer.Backstage, nil
}

// view runs npm view and decodes its answer. It gives up sooner than npm would by itself: a plan is waiting.
func (s *Store) view(ctx context.Context, answer any, spec string, fields ...string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, inspectTimeout,
		fmt.Errorf("the registry did not answer within %s", inspectTimeout))
	defer cancel()
	args := append([]string{"view", spec}, fields...)
	args = append(args, "--json", "--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000")
	stdout, err := s.npm.run(ctx, s.dir, s.nodeDir(), args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stdout, answer); err != nil {
		return fmt.Errorf("read the answer of npm view: %w", err)
	}
	return nil
}

// inspectError says what npm's failure means for the plugin.
func (s *Store) inspectError(ctx context.Context, plugin Plugin, err error) error {
	var failure *npmFailure
	if !errors.As(err, &failure) {
		return &Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: withoutCredentials(err.Error())}
	}
	switch {
	case failure.versionMissing():
		return &Error{Code: orbit.CodeVersionNotFound, Plugin: plugin.Package,
			Detail: fmt.Sprintf("there is no version %s of this package%s", plugin.Version, s.newest(ctx, plugin.Package))}
	case failure.packageMissing():
		return &Error{Code: orbit.CodePackageNotFound, Plugin: plugin.Package,
			Detail: "the registry has no package of this name, or does not show it to orbitd; " +
				"for a private package set its registry and token in the npm configuration of orbitd's user"}
	default:
		return &Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: failure.words()}
	}
}

// newest returns a clause with the newest version of the package, "" when it cannot be told.
func (s *Store) newest(ctx context.Context, pkg string) string {
	var version string
	if err := s.view(ctx, &version, pkg, "version"); err != nil || version == "" {
		return ""
	}
	return "; the newest is " + version
}

// nodeDir returns the folder of any installed bundle's node, because npm starts faster on it than on an old one of the
// machine; "" when nothing is installed.
func (s *Store) nodeDir() string {
	nodes, err := filepath.Glob(Node(filepath.Join(s.bundles(), "[0-9a-f]*")))
	if err != nil || len(nodes) == 0 {
		return ""
	}
	return filepath.Dir(nodes[0])
}

func (s *Store) metadataFile(plugin Plugin) string {
	return filepath.Join(s.metadataDir(), hash("metadata", plugin.Package, plugin.Version)+".json")
}

func (s *Store) known(plugin Plugin) (Metadata, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.metadata[plugin]; ok {
		return known, true
	}
	text, err := os.ReadFile(s.metadataFile(plugin))
	if err != nil {
		return Metadata{}, false
	}
	var known Metadata
	if err := json.Unmarshal(text, &known); err != nil {
		return Metadata{}, false // half written by a crash: ask again
	}
	s.metadata[plugin] = known
	return known, true
}

// keep remembers the answer. That the file cannot be written only costs the next orbitd a question.
func (s *Store) keep(plugin Plugin, metadata Metadata) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata[plugin] = metadata
	text, err := json.Marshal(metadata)
	if err == nil {
		err = os.WriteFile(s.metadataFile(plugin), text, 0o644)
	}
	if err != nil {
		s.logger.Warn("cannot keep a package's metadata", "package", plugin.String(), "error", err)
	}
}
