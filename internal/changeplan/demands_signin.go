package changeplan

import (
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

// oauthProvider is a sign-in provider that the releases bring. Its settings are by environment.
type oauthProvider struct {
	id string
	// required are the settings without which its module does not start.
	required []string
	// resolvers are the sign-in resolvers that its module knows.
	resolvers []string
}

// The resolvers that more than one module has.
const (
	byEmail       = "emailMatchingUserEntityProfileEmail"
	byLocalPart   = "emailLocalPartMatchingUserEntityName"
	byUsername    = "usernameMatchingUserEntityName"
	byUserID      = "userIdMatchingUserEntityAnnotation"
	byEmailInNote = "emailMatchingUserEntityAnnotation"
)

// oauthProviders are read from the modules' own source: what initialize reads with getString, and what the factory is
// given as signInResolverFactories.
var oauthProviders = []oauthProvider{ //nolint:gochecknoglobals // constant
	{"github", []string{"clientId", "clientSecret"}, []string{byUsername, byUserID, byEmail, byLocalPart}},
	{"gitlab", []string{"clientId", "clientSecret"}, []string{byUsername, byUserID, byEmail, byLocalPart}},
	{"google", []string{"clientId", "clientSecret"}, []string{byEmailInNote, byEmail, byLocalPart}},
	{"microsoft", []string{"clientId", "clientSecret", "tenantId"}, []string{byEmailInNote, byUserID, byEmail, byLocalPart}},
	{"oidc", []string{"clientId", "clientSecret", "metadataUrl"}, []string{byEmail, byLocalPart}},
}

// module is the package that brings the provider.
func (o oauthProvider) module() string {
	return "@backstage/plugin-auth-backend-module-" + o.id + "-provider"
}

// signInDemands are about the settings of every environment: a module reads them all when it starts, whichever is asked
// for later.
func signInDemands() []Demand {
	var rows []Demand
	for _, provider := range oauthProviders {
		at := func(below ...string) []string {
			return append([]string{"auth", "providers", provider.id, "*"}, below...)
		}
		rows = append(rows,
			demand(provider.module(), "auth", provider.settings, at()...),
			demand(provider.module(), "auth", provider.resolver, at("signIn", "resolvers", "[]")...),
			demand(provider.module(), "auth", duration, at("sessionDuration")...),
		)
		if provider.id == "oidc" {
			rows = append(rows, demand(provider.module(), "auth", scopeOfOld, at("scope")...))
		}
	}
	return rows
}

func (o oauthProvider) settings(p part) {
	if p.value.Kind() != appconfig.Mapping {
		p.wrong("the settings of the provider %s are by environment: development.clientId, for example", o.id)
		return
	}
	required(o.required...)(p)
}

func (o oauthProvider) resolver(p part) {
	if name := p.field("resolver"); name.text() {
		oneOf(o.resolvers...)(name)
	}
}

func scopeOfOld(p part) {
	p.wrong("the provider oidc takes additionalScopes in its place")
}
