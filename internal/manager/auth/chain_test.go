package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestBearer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		headers []string
		want    string
	}{
		"a token":                       {[]string{"Bearer orbit_x"}, "orbit_x"},
		"lower case":                    {[]string{"bearer orbit_x"}, "orbit_x"},
		"spaces around":                 {[]string{"Bearer  orbit_x "}, "orbit_x"},
		"a JWT":                         {[]string{"Bearer a.b-c_d.e=="}, "a.b-c_d.e=="},
		"none":                          {nil, ""},
		"empty":                         {[]string{""}, ""},
		"a scheme alone":                {[]string{"Bearer"}, ""},
		"an empty token":                {[]string{"Bearer "}, ""},
		"another scheme":                {[]string{"Basic orbit_x"}, ""},
		"no scheme":                     {[]string{"orbit_x"}, ""},
		"two tokens":                    {[]string{"Bearer orbit_x orbit_y"}, ""},
		"two headers":                   {[]string{"Bearer orbit_x", "Bearer orbit_y"}, ""},
		"NUL":                           {[]string{"Bearer orbit_\x00"}, ""},
		"a tab":                         {[]string{"Bearer\torbit_x"}, ""},
		"bytes that are no ASCII":       {[]string{"Bearer orbit_\xff"}, ""},
		"a megabyte":                    {[]string{"Bearer " + strings.Repeat("x", 1<<20)}, ""},
		"as large as JWTs are at most":  {[]string{"Bearer " + strings.Repeat("x", 16<<10)}, strings.Repeat("x", 16<<10)},
		"larger than JWTs are at most":  {[]string{"Bearer " + strings.Repeat("x", 16<<10+1)}, ""},
		"a comma-joined pair of tokens": {[]string{"Bearer orbit_x, Bearer orbit_y"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Authorization"] = test.headers
			got, err := auth.Bearer(r)
			if got != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, auth.ErrNoToken) {
				t.Errorf("got %.40q and %v, want %.40q", got, err, test.want)
			}
		})
	}
}

// knows is an authenticator of tokens with answers.
type knows map[string]error

var errOver = errors.New("it is over")

func (k knows) Authenticate(_ context.Context, token string) (auth.Principal, error) {
	if err, known := k[token]; known {
		return auth.Principal{Subject: token, Role: orbit.RoleReader}, err
	}
	return auth.Principal{}, auth.ErrUnknownToken
}

func TestTheFirstThatKnowsATokenDecides(t *testing.T) {
	t.Parallel()
	chain := auth.Chain{auth.NewRoot("secret"), knows{"over": errOver, "mine": nil}, knows{"over": nil, "theirs": nil}}
	for token, want := range map[string]struct {
		subject string
		err     error
	}{
		"secret":  {auth.RootSubject, nil},
		"secret2": {"", auth.ErrUnknownToken},
		"mine":    {"mine", nil},
		"theirs":  {"theirs", nil},
		"over":    {"", errOver},
		"":        {"", auth.ErrUnknownToken},
	} {
		p, err := chain.Authenticate(t.Context(), token)
		if p.Subject != want.subject || !errors.Is(err, want.err) {
			t.Errorf("%q is of %q with error %v, want %q and %v", token, p.Subject, err, want.subject, want.err)
		}
	}
}

// gives makes every token one of the principal.
type gives auth.Principal

func (g gives) Authenticate(context.Context, string) (auth.Principal, error) {
	return auth.Principal(g), nil
}

func TestAPrincipalThatCannotBeIsNotSignedIn(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]auth.Principal{
		"an admin of one workspace": {Subject: "x", Role: orbit.RoleAdmin, Workspace: "acme"},
		"no role":                   {Subject: "x"},
		"a role of no kind":         {Subject: "x", Role: "owner"},
		"nobody":                    {Role: orbit.RoleReader},
	} {
		if got, err := (auth.Chain{gives(p)}).Authenticate(t.Context(), "any"); err == nil || got != (auth.Principal{}) {
			t.Errorf("%s is signed in as %+v", name, got)
		}
	}
}
