package manager

import "testing"

func TestWhereGuestsMaySignIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		gateway, url string
		want         bool
	}{
		{"127.0.0.1:7007", "http://acme.localhost:7007", true},
		{"[::1]:7007", "http://acme.localhost:7007", true},
		{"127.0.0.1:7007", "http://acme.dev.localhost:7007", true},
		{"127.0.0.1:7007", "http://localhost", true},
		{"127.0.0.1:7007", "http://acme.localhost.:7007", true},
		{"127.0.0.1:7007", "http://acme.portal.example:7007", false},
		{"127.0.0.1:7007", "http://acme.notlocalhost:7007", false},
		{"127.0.0.1:7007", "https://portal.acme.example", false},
		{"0.0.0.0:7007", "http://acme.localhost:7007", false},
		{"[::]:7007", "http://acme.localhost:7007", false},
		{"192.0.2.1:7007", "http://acme.localhost:7007", false},
		{"", "http://acme.localhost:7007", false},
	} {
		if got := development(c.gateway, c.url); got != c.want {
			t.Errorf("the gateway at %q and the instance at %s: development is %v", c.gateway, c.url, got)
		}
	}
}
