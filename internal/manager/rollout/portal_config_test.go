package rollout

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/webapp"
)

func TestTheWebAppIsServedAsTheAppConfigHasIt(t *testing.T) {
	t.Parallel()
	now := webapp.App{Dir: "/cache/now", Hash: "now"}
	for name, test := range map[string]struct {
		earlier      webapp.App
		hidden       []string
		url, config  string
		want, absent string
	}{
		"all of it": {
			url:  "https://acme.example.com",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":[]}}}`,
		},
		"without what has no backend, nor what is left out": {
			hidden: []string{"jenkins"}, url: "https://acme.example.com", config: "app: {packages: {exclude: [org]}}",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":["jenkins","org"]}}}`,
		},
		"the choice of packages is kept": {
			hidden: []string{"jenkins"}, url: "https://acme.example.com", config: "app: {packages: {include: [org, jenkins]}}",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":["jenkins"],"include":["org","jenkins"]}}}`,
		},
		"all is a choice too": {
			hidden: []string{"jenkins"}, url: "https://acme.example.com", config: "app: {packages: all}",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":["jenkins"]}}}`,
		},
		"the one before it, for browsers that have it open": {
			earlier: webapp.App{Dir: "/cache/before", Hash: "before"}, url: "https://acme.example.com",
			want: `{"app":{"disableStaticFallbackCache":true,"earlierPackageName":"/cache/before","packageName":"/cache/now","packages":{"exclude":[]}}}`,
		},
		"without TLS": {
			url: "http://acme.localhost:7007",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":[]}},` +
				`"backend":{"csp":{"upgrade-insecure-requests":false}}}`,
		},
		"without TLS, where the app-config says otherwise": {
			url: "http://acme.localhost:7007", config: "backend: {csp: {upgrade-insecure-requests: []}}",
			want: `{"app":{"disableStaticFallbackCache":true,"packageName":"/cache/now","packages":{"exclude":[]}},` +
				`"backend":{"csp":{"upgrade-insecure-requests":[]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, _ := appconfig.Parse(test.config)
			keys, err := served(now, test.earlier, test.hidden, test.url, config)
			if err != nil {
				t.Fatal(err)
			}
			got := string(appconfig.Merge(config, keys).Canonical())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}
