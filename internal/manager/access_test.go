package manager_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/fake"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// opened is what a workspace's instance, or the gateway in front of it, answers to a request with these Authorization
// headers.
type opened struct {
	fake.State
	status  int
	problem orbit.Problem
	header  http.Header
}

func open(t *testing.T, s *managertest.Server, workspace string, authorization ...string) opened {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Manager.GatewayAddress()+"/api/x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = workspace + ".localhost"
	r.Header["Authorization"] = authorization
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer := opened{status: response.StatusCode, header: response.Header}
	into := any(&answer.State)
	if response.StatusCode != http.StatusOK {
		into = &answer.problem
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return answer
}

// accessToken makes a token for the workspace's instance.
func accessToken(t *testing.T, c *orbit.Client, workspace string, seconds int64) *orbit.AccessToken {
	t.Helper()
	token, err := c.CreateAccessToken(t.Context(), workspace, orbit.AccessTokenWrite{LifetimeSeconds: seconds})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// shut says that the token opens nothing of the workspace.
func shut(t *testing.T, s *managertest.Server, workspace, secret string) {
	t.Helper()
	if got := open(t, s, workspace, "Bearer "+secret); got.status != http.StatusUnauthorized || got.problem.Code != orbit.CodeUnauthorized {
		t.Errorf("the token gives %d %s at %s, want 401", got.status, got.problem.Code, workspace)
	}
}

func TestAnAccessTokenOpensItsOwnInstanceAlone(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "opened", title("Opened"))
	declare(t, c, "other", title("Other"))
	token := accessToken(t, c, "opened", 0)
	if !strings.HasPrefix(token.Secret, orbit.AccessTokenPrefix) || token.APIURL != instance(t, c, "opened").APIURL {
		t.Errorf("the token is for %s and begins with %.13s", token.APIURL, token.Secret)
	}
	if left := time.Until(token.ExpiresAt); left > orbit.DefaultAccessTokenLifetime || left < orbit.DefaultAccessTokenLifetime-time.Minute {
		t.Errorf("it lasts %s, want %s", left, orbit.DefaultAccessTokenLifetime)
	}
	for _, header := range []string{"Bearer " + token.Secret, "bearer " + token.Secret, "BEARER   " + token.Secret} {
		got := open(t, s, "opened", header)
		if got.status != http.StatusOK || got.Subject != "external:orbit:access-token-"+token.ID || got.Workspace != "opened" {
			t.Errorf("%.10q: %d, seen as %q", header, got.status, got.Subject)
		}
		if strings.Contains(strings.Join(got.Authorization, ""), token.Secret) {
			t.Error("the instance sees the access token")
		}
		if other := open(t, s, "other", got.Authorization...); other.Subject != "" {
			t.Errorf("what the instance saw makes its sender %s at another one", other.Subject)
		}
	}
	shut(t, s, "other", token.Secret)
	for what, headers := range map[string][]string{
		"a wrong one":                        {"Bearer " + token.Secret + "x"},
		"none but the prefix":                {"Bearer " + orbit.AccessTokenPrefix},
		"one with odd bytes":                 {"Bearer " + token.Secret + "\xff\xfe"},
		"one in other letters":               {"Bearer " + orbit.AccessTokenPrefix + strings.ToUpper(token.Secret[13:])},
		"two headers, ours first":            {"Bearer " + token.Secret, "Bearer x"},
		"two headers, ours second":           {"Bearer x", "Bearer " + token.Secret},
		"two tokens in a header":             {"Bearer " + token.Secret + ", Bearer " + token.Secret},
		"a large one":                        {"Bearer " + orbit.AccessTokenPrefix + strings.Repeat("x", 50<<10)},
		"the id, which is no secret":         {"Bearer " + orbit.AccessTokenPrefix + token.ID},
		"one that looks like a number of 32": {"Bearer " + orbit.AccessTokenPrefix + strings.Repeat("A", 43)},
	} {
		got := open(t, s, "opened", headers...)
		if got.status != http.StatusUnauthorized || !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s: %d %q, want 401 and a challenge", what, got.status, got.header.Get("WWW-Authenticate"))
		}
	}
	for _, header := range []string{"Bearer user-token", "Basic b3JiaXRfYWNjZXNzXw==", "Bearer orbit-acces", "orbit_access_without_scheme"} {
		if got := open(t, s, "opened", header); got.status != http.StatusOK || len(got.Authorization) != 1 || got.Authorization[0] != header {
			t.Errorf("%q reaches the instance as %q with %d", header, got.Authorization, got.status)
		}
	}
}

func TestAnAccessTokenEndsAtOnceWhenItIsRevoked(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "revoked", title("Revoked"))
	token, kept := accessToken(t, c, "revoked", 60), accessToken(t, c, "revoked", 60)
	renewed, err := c.RenewAccessToken(t.Context(), "revoked", token.ID, orbit.AccessTokenWrite{LifetimeSeconds: 3600})
	if err != nil || renewed.ExpiresAt.Sub(token.ExpiresAt) < 50*time.Minute || renewed.Secret != "" || !renewed.RenewableUntil.Equal(token.RenewableUntil) {
		t.Errorf("renewed it is %+v, %v", renewed, err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := open(t, s, "revoked", "Bearer "+token.Secret); got.status != http.StatusOK {
		t.Errorf("the next orbitd answers %d", got.status)
	}
	_, err = c.RenewAccessToken(t.Context(), "elsewhere", token.ID, orbit.AccessTokenWrite{})
	refused(t, err, orbit.CodeNotFound)
	refused(t, c.RevokeAccessToken(t.Context(), "elsewhere", token.ID), orbit.CodeNotFound)
	if err := c.RevokeAccessToken(t.Context(), "revoked", token.ID); err != nil {
		t.Fatal(err)
	}
	shut(t, s, "revoked", token.Secret)
	refused(t, c.RevokeAccessToken(t.Context(), "revoked", token.ID), orbit.CodeNotFound)
	_, err = c.RenewAccessToken(t.Context(), "revoked", token.ID, orbit.AccessTokenWrite{})
	refused(t, err, orbit.CodeNotFound)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	shut(t, s, "revoked", token.Secret)
	if got := open(t, s, "revoked", "Bearer "+kept.Secret); got.status != http.StatusOK {
		t.Errorf("the other token gives %d", got.status)
	}
	if rows := column(t, s, "SELECT encode(hash, 'escape') || id FROM access_tokens"); strings.Contains(strings.Join(rows, ""), kept.Secret) {
		t.Error("the token itself is stored")
	}
}

func TestAnAccessTokenEndsByItself(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "ending", title("Ending"))
	token := accessToken(t, c, "ending", 1)
	within(t, "the token to end", func() bool {
		return open(t, s, "ending", "Bearer "+token.Secret).status == http.StatusUnauthorized
	})
	_, err := c.RenewAccessToken(t.Context(), "ending", token.ID, orbit.AccessTokenWrite{})
	refused(t, err, orbit.CodeNotFound)
	for _, seconds := range []int64{-1, 3601} {
		_, err := c.CreateAccessToken(t.Context(), "ending", orbit.AccessTokenWrite{LifetimeSeconds: seconds})
		refused(t, err, orbit.CodeInvalidRequest)
	}
	_, err = c.CreateAccessToken(t.Context(), "nobody", orbit.AccessTokenWrite{})
	refused(t, err, orbit.CodeNotFound)
}

func TestAccessTokensGoWithTheirInstance(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	declare(t, c, "reborn", title("First"))
	token := accessToken(t, c, "reborn", 0)
	remove(t, c, "reborn")
	declare(t, c, "reborn", title("Second"))
	shut(t, s, "reborn", token.Secret)
	refused(t, c.RevokeAccessToken(t.Context(), "reborn", token.ID), orbit.CodeNotFound)
}

func TestInstancesTrustOrbitdBesideWhomTheirUsersTrust(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const access = "backend: {auth: {externalAccess: [{type: static, options: {token: '${TOKEN}', subject: %s}}]}}\n"
	config := func(subject string) string { return strings.Replace(access, "%s", subject, 1) }
	declare(t, c, "trusting", config("one"), withSecrets(1, map[string]string{"TOKEN": "static-token"}))
	given := string(s.Runtime.Processes("trusting")[0].Config().Document)
	for _, part := range []string{`"static-token"`, `"type":"orbit"`, `"audience":"trusting"`} {
		if !strings.Contains(given, part) {
			t.Errorf("the process is not given %s", part)
		}
	}
	if strings.Contains(given, `"d":`) {
		t.Error("the process is given the private key")
	}
	shown := instance(t, c, "trusting")
	if shown.Config != config("one") {
		t.Errorf("the API shows %q", shown.Config)
	}
	change := declare(t, c, "trusting", config("two"))
	applied(t, change, orbit.ImpactRestart)
	for _, reason := range change.Reasons {
		if strings.Contains(reason.String(), "orbit") && strings.Contains(reason.String(), "keys") {
			t.Errorf("a reason speaks of orbitd's own: %s", reason)
		}
	}
	const own = "backend: {auth: {externalAccess: [{type: orbit, options: {issuer: x, audience: y, keys: []}}]}}\n"
	plan, err := c.Plan(t.Context(), "trusting", orbit.PlanRequest{Instance: new(small(own).InstanceSpec)})
	if err != nil || !orbit.HasErrors(plan.Diagnostics) {
		t.Errorf("a document with orbitd's own type plans with %v, %v", plan, err)
	}
	hidden := declare(t, c, "trusting", strings.Replace(own, "type: orbit", "type: '${TYPE}'", 1), func(w *orbit.InstanceWrite) {
		w.Variables = map[string]string{"TYPE": "orbit"}
	})
	if hidden.State != orbit.ChangeFailed || hidden.Problem == nil || hidden.Problem.Code != orbit.CodeManagedKey {
		t.Errorf("behind a variable it is %s, %v", hidden.State, hidden.Problem)
	}
}

func TestAStartThatCannotOpenTheSigningKeyRefuses(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	declare(t, c, "signed", title("Signed"))
	token := accessToken(t, c, "signed", 0)
	const flip = "UPDATE own_credentials SET ciphertext = set_byte(ciphertext, 40, get_byte(ciphertext, 40) # 1)"
	execute(t, s, flip)
	if err := s.Restart(t.Context()); err == nil || !strings.Contains(err.Error(), "signing-key") {
		t.Errorf("it starts with %v", err)
	}
	if rows := column(t, s, "SELECT name FROM own_credentials"); len(rows) != 1 {
		t.Errorf("the keys are %v, want the one that was there", rows)
	}
	execute(t, s, flip)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := open(t, s, "signed", "Bearer "+token.Secret); got.status != http.StatusOK || got.Subject == "" {
		t.Errorf("with its key again it answers %d to %q", got.status, got.Subject)
	}
}

// column is the one column of a query's rows in orbitd's database.
func column(t *testing.T, s *managertest.Server, query string) []string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(context.WithoutCancel(t.Context())) }()
	rows, err := connection.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return values
}
