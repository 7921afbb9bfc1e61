package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/provider"
)

func TestTheProviderWritesNoMoreLogThanTerraformShows(t *testing.T) {
	t.Parallel()
	both := func(level string) object { return object{"TF_LOG_SDK": level, "TF_LOG_PROVIDER_ORBIT": level} }
	for name, test := range map[string]struct {
		env    map[string]string
		levels object
	}{
		"no log":                    {nil, both("OFF")},
		"a log of Terraform's own":  {map[string]string{"TF_LOG_CORE": "TRACE"}, both("OFF")},
		"a log":                     {map[string]string{"TF_LOG": "debug"}, both("DEBUG")},
		"a log of providers":        {map[string]string{"TF_LOG": "ERROR", "TF_LOG_PROVIDER": "INFO"}, both("INFO")},
		"a log as JSON":             {map[string]string{"TF_LOG": "JSON"}, both("TRACE")},
		"a level of no kind":        {map[string]string{"TF_LOG": "1"}, both("TRACE")},
		"a level for the framework": {map[string]string{"TF_LOG_SDK": "WARN"}, object{"TF_LOG_PROVIDER_ORBIT": "OFF"}},
	} {
		got := object{}
		for variable, level := range provider.LogLevels(func(variable string) string { return test.env[variable] }) {
			got[variable] = level
		}
		if diff := cmp.Diff(test.levels, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
