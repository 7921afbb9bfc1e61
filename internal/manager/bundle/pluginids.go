package bundle

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
)

// PluginIDs returns, by package, the ids of the plugins that a process of the bundle loads: those of the release and the
// added ones. Modules have none of their own and are left out. A package that does not say what it is, or which plugin,
// has the id "".
func (b Bundle) PluginIDs() (map[string]string, error) {
	var set struct {
		Orbit struct {
			Features []string `json:"features"`
		} `json:"orbit"`
	}
	if err := readJSON(filepath.Join(b.Dir, manifestFile), &set); err != nil {
		return nil, fmt.Errorf("read which plugins bundle %s has: %w", b.Hash, err)
	}
	ids := make(map[string]string, len(set.Orbit.Features))
	for _, name := range set.Orbit.Features {
		var installed struct {
			Backstage npm.Backstage `json:"backstage"`
		}
		if err := readJSON(filepath.Join(b.Dir, modulesDir, name, manifestFile), &installed); err != nil {
			return nil, fmt.Errorf("read which plugin %s of bundle %s is: %w", name, b.Hash, err)
		}
		switch installed.Backstage.Role {
		case npm.RoleBackendModule:
		case npm.RoleBackendPlugin:
			ids[name] = installed.Backstage.PluginID
		default:
			ids[name] = ""
		}
	}
	return ids, nil
}

func readJSON(name string, into any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
