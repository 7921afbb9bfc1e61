package changeplan

import (
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

func integrationDemands() []Demand {
	const integration = "@backstage/integration"
	rows := []Demand{
		demand(integration, "", absoluteURL, "integrations", "gitlab", "[]", "baseUrl"),
		demand(integration, "", absoluteURL, "integrations", "gitlab", "[]", "apiBaseUrl"),
		demand(integration, "", absoluteURL, "integrations", "gitea", "[]", "baseUrl"),
		demand(integration, "", absoluteURL, "integrations", "gerrit", "[]", "baseUrl"),
		demand(integration, "", absoluteURL, "integrations", "gerrit", "[]", "cloneUrl"),
		demand(integration, "", absoluteURL, "integrations", "gerrit", "[]", "gitilesBaseUrl"),
		demand(integration, "", required("host", "gitilesBaseUrl"), "integrations", "gerrit", "[]"),
		demand(integration, "", githubApp, "integrations", "github", "[]", "apps", "[]"),
		demand(integration, "", azureCredential, "integrations", "azure", "[]", "credentials", "[]"),
		demand(integration, "", bitbucketCloud, "integrations", "bitbucketCloud", "[]"),
		demand(integration, "", absoluteURL, "integrations", "awsS3", "[]", "endpoint"),
	}
	for _, kind := range []string{"github", "gitlab", "bitbucketServer", "gerrit", "gitea", "azure", "harness"} {
		rows = append(rows, demand(integration, "", host, "integrations", kind, "[]", "host"))
	}
	for _, kind := range []string{"gitlab", "bitbucketServer", "gitea", "harness"} {
		rows = append(rows, demand(integration, "", required("host"), "integrations", kind, "[]"))
	}
	return rows
}

func githubApp(p part) {
	if id := p.field("appId"); id.missing() {
		id.wrong("it is required and missing")
	}
	required("clientId", "clientSecret", "privateKey")(p)
}

// bitbucketCloud is what readBitbucketCloudIntegrationConfig demands.
func bitbucketCloud(p part) {
	has := func(key string) bool { return p.field(key).value.Text() != "" }
	if has("username") && !has("token") && !has("appPassword") {
		p.field("username").wrong("a username needs a token or an appPassword beside it")
	}
	if has("clientId") != has("clientSecret") {
		p.wrong("clientId and clientSecret belong together")
	}
}

// azureCredential is what asAzureDevOpsCredential demands: one of four sets of keys, and of those keys no other.
func azureCredential(p part) {
	var got []string
	for _, key := range []string{"clientId", "clientSecret", "managedIdentityClientId", "personalAccessToken", "tenantId"} {
		if !p.field(key).missing() {
			got = append(got, key)
		}
	}
	switch strings.Join(got, " ") {
	case "clientId clientSecret tenantId", "clientId", "clientId managedIdentityClientId tenantId", "personalAccessToken":
	default:
		p.wrong("a credential has a personalAccessToken, or a clientId, or a clientId with tenantId and clientSecret, or " +
			"a clientId with tenantId and managedIdentityClientId, and nothing of the others")
	}
}

// kubernetesMethods is what the backend of Kubernetes demands as soon as its key is there.
func kubernetesMethods(p part) {
	service := p.field("serviceLocatorMethod").field("type")
	if service.text() {
		oneOf("multiTenant", "singleTenant", "catalogRelation")(service)
	}
	methods := p.field("clusterLocatorMethods")
	if methods.missing() {
		methods.wrong("it is required and missing")
		return
	}
	for _, method := range methods.items() {
		kind := method.field("type")
		if !kind.text() {
			continue
		}
		oneOf("catalog", "localKubectlProxy", "config", "gke")(kind)
		switch kind.value.Text() {
		case "config":
			kubernetesClusters(method.field("clusters"))
		case "gke":
			required("projectId")(method)
		}
	}
	for _, resource := range p.field("customResources").items() {
		required("group", "apiVersion", "plural")(resource)
	}
}

func kubernetesClusters(p part) {
	if p.missing() {
		p.wrong("it is required and missing")
		return
	}
	var names []string
	for _, cluster := range p.items() {
		name := cluster.field("name")
		if name.text() && slices.Contains(names, name.value.Text()) {
			name.wrong("there is a cluster %s already", name.value.Text())
		}
		names = append(names, name.value.Text())
		cluster.field("url").text()
		if cluster.field("authMetadata").value.Field("kubernetes.io/auth-provider").Kind() != appconfig.Missing {
			continue
		}
		if provider := cluster.field("authProvider"); provider.text() && !mayExtend(p.state, "kubernetes") {
			oneOf("aks", "aws", "azure", "google", "googleServiceAccount", "localKubectlProxy", "oidc", "serviceAccount")(provider)
		}
	}
}

// publisher is what the publishers of TechDocs demand of their settings.
func publisher(p part) {
	switch p.field("type").value.Text() {
	case "awsS3":
		p.field("awsS3").field("bucketName").text()
	case "googleGcs":
		p.field("googleGcs").field("bucketName").text()
	case "azureBlobStorage":
		p.field("azureBlobStorage").field("containerName").text()
	case "openStackSwift":
		p.field("openStackSwift").field("containerName").text()
	}
}

// mayExtend says whether one of the state's plugins may bring what the plugin of the release lacks, by its name.
func mayExtend(state State, plugin string) bool {
	for name := range state.Plugins {
		if strings.Contains(name, plugin) {
			return true
		}
	}
	return false
}
