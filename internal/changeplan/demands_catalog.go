package changeplan

import (
	"slices"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// processedType demands a module for the types of locations that the catalog itself processed once, as
// checkMissingExternalProcessors does. It is a rule for starting only: a running catalog takes such a location and does
// nothing with it.
func processedType(p part) {
	moved := []string{
		"aws-cloud-accounts", "s3-discovery", "azure-discovery", "bitbucket-discovery", "github-discovery", "github-org",
		"gitlab-discovery", "ldap-org", "microsoft-graph-org",
	}
	if !p.known() || !slices.Contains(moved, p.value.Text()) || mayExtend(p.state, "catalog") {
		return
	}
	p.wrong("locations of type %s need a catalog module that processes them, and the instance has none", p.value.Text())
}

// processorsOfOld are keys that have moved to integrations; checkDeprecatedReaderProcessors refuses them.
func processorsOfOld(p part) {
	for key, goes := range map[string]string{
		"github": "github", "gitlabApi": "gitlab", "bitbucketApi": "bitbucketServer or bitbucketCloud", "azureApi": "azure",
	} {
		if p.value.Field(key).Kind() != appconfig.Missing {
			p.field(key).wrong("it moved to integrations: use %s there", goes)
		}
	}
}

// processingInterval demands a duration, or something that JavaScript takes for false.
func processingInterval(p part) {
	off := p.value.Canonical() == "0" || p.value.Kind() == appconfig.String && p.value.Text() == ""
	if !off && p.value.Kind() != appconfig.Bool {
		duration(p)
	}
}
