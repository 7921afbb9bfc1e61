package npm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNPMGetsTheUsersConfigurationWithoutWhatWouldChangeTheResult(t *testing.T) {
	t.Parallel()
	got := environment([]string{
		"HOME=/home/u", "PATH=/bin", "https_proxy=p", "npm_config_registry=r", "NPM_CONFIG_USERCONFIG=f",
		"npm_config_omit=optional", "NPM_CONFIG_PRODUCTION=true", "npm_config_global=true", "npm_config_dry-run=true",
		"NODE_ENV=production", "NODE_OPTIONS=--inspect", "ORBIT_SEALING_KEY=k", "ORBIT_TOKEN=t",
	}, "/node/bin")
	want := []string{
		"HOME=/home/u", "https_proxy=p", "npm_config_registry=r", "NPM_CONFIG_USERCONFIG=f", "PATH=/node/bin:/bin",
		"npm_config_update_notifier=false", "npm_config_fund=false", "npm_config_audit=false",
		"npm_config_progress=false", "npm_config_color=false", "npm_config_loglevel=error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}
