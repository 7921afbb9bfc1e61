package manager

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
)

func TestOtherMachinesReachOnlyWhatIsPublic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		public  bool
		refused string
	}{
		{"127.0.0.1:0", false, ""},
		{"localhost:0", false, ""},
		{"0.0.0.0:0", true, ""},
		{":0", true, ""},
		{"0.0.0.0:0", false, "not a loopback address"},
		{":0", false, "not a loopback address"},
		{"[::]:0", false, "not a loopback address"},
		{"example:0", false, "not a loopback address"},
		{"7070", true, "is no host:port"},
	} {
		l, err := listening{flag: "--listen", address: c.address, public: c.public}.listen(t.Context())
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s, public %v: %v, want %q", c.address, c.public, err, c.refused)
		}
		if err == nil {
			_, err = listening{inherited: l, public: c.public}.listen(t.Context())
			if err != nil {
				t.Errorf("%s, inherited: %v", c.address, err)
			}
			_ = l.Close()
		}
	}
	open, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	if _, err := (listening{inherited: open}).listen(t.Context()); err == nil || !strings.Contains(err.Error(), "the inherited socket") {
		t.Errorf("a public socket of systemd is served without TLS: %v", err)
	}
}

func TestTheAPIsURLIsOneThatClientsCanUse(t *testing.T) {
	t.Parallel()
	cert, key := certtest.NewCA(t, "root").Issue(t, "orbit.example").Write(t, t.TempDir())
	source, err := certificate.API.Load(slog.New(slog.DiscardHandler), certificate.Files{Cert: cert, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ip   net.IP
		cert *certificate.Source
		want string
	}{
		{net.IPv4(127, 0, 0, 1), nil, "http://127.0.0.1:7070"},
		{net.IPv4(192, 0, 2, 1), source, "https://192.0.2.1:7070"},
		{net.IPv4zero, source, "https://orbit.example:7070"},
		{net.IPv6unspecified, source, "https://orbit.example:7070"},
	} {
		if got := baseURL(&net.TCPAddr{IP: c.ip, Port: 7070}, c.cert); got != c.want {
			t.Errorf("the URL of %s is %s, want %s", c.ip, got, c.want)
		}
	}
}
