package changeplan

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Site is where an instance is reached. The zero Site is one that nothing is known of.
type Site struct {
	// URL is the address at which people open the instance.
	URL string
	// Development says that orbitd runs for development: nobody but this machine's users reaches the instance.
	Development bool
}

// SignIn says what stands between people and signing in to an instance that comes to the state, and who signs in that
// should not. Backstage starts with all of it; what it does not start with is in [Problems].
func SignIn(state State, site Site) []orbit.Diagnostic {
	document := state.Effective()
	s := &signIn{site: site}
	root := part{value: document.Value(), state: state, effective: document}
	s.providers = root.field("auth").field("providers")
	environment := root.field("auth").field("environment")
	s.environment, s.known = defaultEnvironment, environment.missing() || environment.known()
	if environment.known() {
		s.environment = environment.value.Text()
	}
	s.check()
	for i := range s.found {
		Locate(state, &s.found[i])
	}
	slices.SortStableFunc(s.found, func(a, b orbit.Diagnostic) int { return strings.Compare(a.Path, b.Path) })
	return s.found
}

// defaultEnvironment is the one that Backstage's app asks for where auth.environment is not set.
const defaultEnvironment = "development"

// GuestsSignIn says whether everybody who reaches an instance of the state is signed in as a guest.
func GuestsSignIn(state State) bool {
	return letsIn(state.Effective().At(appconfig.Keys("auth", "providers", "guest")))
}

// signIn collects what is found.
type signIn struct {
	site        Site
	providers   part
	environment string
	known       bool // whether the environment is, and no secret takes part in it
	found       []orbit.Diagnostic
}

func (s *signIn) add(code orbit.Code, severity orbit.Severity, at part, format string, args ...any) {
	s.found = append(s.found, orbit.Diagnostic{Code: code, Severity: severity, Path: at.path.String(), Message: fmt.Sprintf(format, args...)})
}

func (s *signIn) check() {
	if guest := s.providers.field("guest"); !guest.missing() {
		s.guest(guest)
	}
	for _, provider := range oauthProviders {
		settings := s.providers.field(provider.id)
		if settings.value.Kind() != appconfig.Mapping {
			continue
		}
		for environment := range settings.value.Fields() {
			s.secret(settings.field(environment).field("clientSecret"))
			s.callback(provider, settings.field(environment).field("callbackUrl"))
		}
		s.resolvers(provider, settings)
	}
}

// guest judges the provider that asks nobody who they are.
func (s *signIn) guest(p part) {
	switch {
	case !letsIn(p.value):
		s.add(orbit.CodeNoSignIn, orbit.SeverityWarning, p, "nobody can sign in as guest: Backstage lets guests in only with %s",
			"dangerouslyAllowOutsideDevelopment: true, which is for development; remove auth.providers.guest otherwise")
	case s.site.URL == "":
	case s.site.Development:
		s.add(orbit.CodeGuestSignIn, orbit.SeverityWarning, p, "everybody who reaches %s is signed in as a guest; that is for "+
			"development on this machine: set up a provider such as oidc before the instance is for others", s.site.URL)
	default:
		s.add(orbit.CodeGuestSignIn, orbit.SeverityError, p, "everybody who reaches %s would be signed in as a guest, which orbitd "+
			"allows only under localhost, with its gateway on loopback; remove auth.providers.guest and set up one of %s",
			s.site.URL, strings.Join(providerIDs(), ", "))
	}
}

var yes = regexp.MustCompile(`(?i)^\s*(?:y|yes|true|1|on)\s*$`)

// letsIn says whether the guest provider lets anybody in, as far as can be told: a secret may say so too.
func letsIn(guest appconfig.Value) bool {
	allowed := guest.Field("dangerouslyAllowOutsideDevelopment")
	return allowed.Truth() || isReference(allowed.Text()) || yes.MatchString(allowed.Text()) || allowed.Canonical() == "1"
}

// secret refuses a client secret in the text, whatever literal_secrets says: it is what keeps others from posing as the
// instance, and a document is in Terraform's state.
func (s *signIn) secret(p part) {
	if p.known() && p.value.Text() != "" {
		s.add(orbit.CodeLiteralSecret, orbit.SeverityError, p, "a client secret is not for the document, which Terraform's state keeps; "+
			"put it into secrets_wo and write ${NAME} here")
	}
}

// callback refuses an address to come back to from the provider that is not the instance's.
func (s *signIn) callback(provider oauthProvider, p part) {
	want := strings.TrimSuffix(s.site.URL, "/") + "/api/auth/" + provider.id + "/handler/frame"
	if s.site.URL == "" || !p.known() || sameURL(p.value.Text(), want) {
		return
	}
	s.add(orbit.CodeCallbackURL, orbit.SeverityError, p, "%q is not where people come back to from the provider: it is %s; "+
		"remove the key, as Backstage uses that address by itself, and register it with the provider", p.value.Text(), want)
}

// resolvers finds out whether anybody can sign in with the provider. One that is the only way in has to have a resolver.
// Beside another way it may be there for the tokens that plugins ask it for.
func (s *signIn) resolvers(provider oauthProvider, settings part) {
	if !s.known {
		return
	}
	chosen := settings.field(s.environment)
	if chosen.missing() {
		s.add(orbit.CodeNoSignIn, orbit.SeverityError, settings, "nobody can sign in with %s: Backstage asks for its settings of the "+
			"environment %q, as auth.environment says (%q where it is not set), and there are none", provider.id, s.environment, defaultEnvironment)
		return
	}
	if resolves(chosen.value) {
		return
	}
	severity := orbit.SeverityWarning
	if !s.otherWay(provider.id) {
		severity = orbit.SeverityError
	}
	s.add(orbit.CodeNoSignIn, severity, chosen, "nobody can sign in with %s: it has no sign-in resolver; add signIn.resolvers, a list "+
		"such as [{resolver: %s}], with one of %s", provider.id, provider.resolvers[0], strings.Join(provider.resolvers, ", "))
}

// resolves says whether the settings of an environment name a resolver.
func resolves(settings appconfig.Value) bool {
	resolvers := settings.Field("signIn").Field("resolvers")
	return len(resolvers.Items()) > 0 || isReference(resolvers.Text())
}

// otherWay says whether people may be able to sign in without the provider.
func (s *signIn) otherWay(id string) bool {
	for key, value := range s.providers.value.Fields() {
		switch {
		case key == id || value.Kind() == appconfig.Null:
		case key == "guest":
			if letsIn(value) {
				return true
			}
		case slices.Contains(providerIDs(), key):
			if resolves(value.Field(s.environment)) {
				return true
			}
		case mayExtend(s.providers.state, "auth"): // what it needs its module alone knows
			return true
		}
	}
	return false
}

func providerIDs() []string {
	ids := make([]string, len(oauthProviders))
	for i, provider := range oauthProviders {
		ids[i] = provider.id
	}
	return ids
}

// sameURL compares as browsers do: the host's case and the scheme's own port mean nothing.
func sameURL(one, other string) bool {
	a, errA := url.Parse(one)
	b, errB := url.Parse(other)
	return errA == nil && errB == nil && origin(a) == origin(b) && a.EscapedPath() == b.EscapedPath() && a.RawQuery == b.RawQuery
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
