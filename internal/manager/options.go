package manager

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/inventory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/memory"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/registry"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
)

// Defaults of Options.
const (
	DefaultListen        = "127.0.0.1:7070"
	DefaultGatewayListen = "127.0.0.1:7007"
	// Each data directory has its own block of user ids for instances, beyond what adduser, systemd and containers give
	// out by themselves.
	firstUserBlock = 7_000_000
	userBlocks     = 4096
	userBlockSize  = 1000
)

// Options are what a Manager works with.
type Options struct {
	// DataDir is where state is kept; DefaultDataDir when empty.
	DataDir string
	// CacheDir is where bundles are installed; bundle.DefaultDir when empty. Several managers may share it.
	CacheDir string
	// RunDir is where sockets are: short, and this data directory's alone. Empty chooses one.
	RunDir string
	// Listen is the API's address, host:port; DefaultListen when empty. Without TLS loopback only.
	Listen string
	// GatewayListen is the gateway's address, host:port; DefaultGatewayListen when empty. Loopback only, unless it has TLS
	// or is behind trusted proxies.
	GatewayListen string
	// GatewayTLS are the gateway's certificates, of which each client gets the one for the name it asks for; none is plain
	// HTTP.
	GatewayTLS []certificate.Files
	// GatewayACME is the CA that the gateway has certificates from for the hosts of instances that no file is for.
	GatewayACME certificate.ACME
	// GatewayHTTPListen is where a gateway with TLS listens for plain HTTP too, host:port, to send browsers on to https and to
	// answer the CA; "" is nowhere.
	GatewayHTTPListen string
	// GatewayPublicURL is the parent of the instances' URLs where that does not follow from where the gateway listens:
	// https://portal.example.com behind a proxy makes https://acme.portal.example.com. It implies GatewayDomain.
	GatewayPublicURL string
	// GatewayTrustedProxies are the networks of the proxies whose X-Forwarded-For, -Host and -Proto the gateway believes.
	GatewayTrustedProxies []netip.Prefix
	// TLS is the API's certificate, and who may connect; the zero value is plain HTTP.
	TLS certificate.Files
	// SignInFile says whose JSON Web Tokens the API takes, and for what; see issuer.Load. Empty is nobody's.
	SignInFile string
	// GatewayDomain is the parent of the workspaces' host names; gateway.DefaultDomain when empty.
	GatewayDomain string
	// PostgresURL is a PostgreSQL server to use instead of the embedded one: a postgres:// URL of a user that may make
	// databases and roles.
	PostgresURL string
	// PostgresUser is the operating system's user that the embedded PostgreSQL runs as when orbitd is root; empty
	// chooses one.
	PostgresUser string
	// SealingKey says where the key that seals secrets comes from; the zero value keeps it in the data directory.
	SealingKey secret.Source
	// FirstUserID and LastUserID bound the users that instances run as when orbitd is root, the last of which builds their
	// web apps instead; both 0 choose a block that hardly another data directory has.
	FirstUserID, LastUserID int64
	// AllowPackages and DenyPackages are the patterns of the packages that may, and may not, be added to instances; see
	// registry.NewPolicy. No allow list is the default one.
	AllowPackages, DenyPackages []string
	// DrainTimeout is how long a process that was replaced may finish its requests and tasks; 0 is the rollout's default.
	DrainTimeout time.Duration
	// MaxPluginsBytes bounds what one set of plugins may add to the release, unpacked; 0 is bundle.DefaultMaxBytes.
	MaxPluginsBytes int64
	// BundleRetention is how long bundles are kept that nobody uses, at least bundle.MinRetention; 0 is
	// DefaultBundleRetention.
	BundleRetention time.Duration
	// NPM runs npm; the zero value the npm in PATH, as it is configured for orbitd's user.
	NPM npm.Client
	// Inherited is what the process was given open; see Inherit. Nil is nothing.
	Inherited *Inherited
	// Restart makes Run hand over to a successor whenever something comes; nil never does.
	Restart <-chan os.Signal
	// NotifySocket is where systemd listens for this service, as in $NOTIFY_SOCKET; empty is nowhere.
	NotifySocket string
	// Version is orbitd's own.
	Version string
	// Logger takes one line for each event; nil discards them.
	Logger *slog.Logger

	// SharedUser runs all instances as orbitd's own user, as an ordinary user's orbitd does, although it is root.
	SharedUser bool
	// Memory replaces the reading of how much memory there is; nil does not.
	Memory func() (memory.State, error)
	// Runtime replaces the process runtime; nil does not. Packages, then, are not installed either, so tests of
	// everything above the runtime need no registry.
	Runtime runtime.Runtime
	// Registry is asked about packages in place of npm's; it goes with Runtime.
	Registry Registry
}

// Registry is what an orbitd asks about packages.
type Registry interface {
	admission.Registry
	vetting.Packages
	inventory.Packages
}

// withDefaults fills in what is empty and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	var err error
	if o.DataDir == "" {
		if o.DataDir, err = DefaultDataDir(); err != nil {
			return o, err
		}
	}
	if o.DataDir, err = filepath.Abs(o.DataDir); err != nil {
		return o, fmt.Errorf("find the data directory: %w", err)
	}
	if o.CacheDir == "" {
		if o.CacheDir, err = bundle.DefaultDir(); err != nil {
			return o, err
		}
	}
	if o.CacheDir, err = filepath.Abs(o.CacheDir); err != nil { // npm and the readers of schemas work in other folders
		return o, fmt.Errorf("find the cache folder: %w", err)
	}
	if o.RunDir == "" {
		o.RunDir = defaultRunDir(o.DataDir)
	}
	if o, err = o.withPublic(); err != nil {
		return o, err
	}
	for _, s := range []struct {
		value *string
		or    string
	}{
		{&o.Listen, DefaultListen},
		{&o.GatewayListen, DefaultGatewayListen},
		{&o.GatewayDomain, gateway.DefaultDomain},
	} {
		if *s.value == "" {
			*s.value = s.or
		}
	}
	if o.FirstUserID == 0 && o.LastUserID == 0 {
		o.FirstUserID, o.LastUserID = userBlock(o.DataDir)
	}
	if o.FirstUserID <= 0 || o.LastUserID <= o.FirstUserID || o.LastUserID > 1<<31 {
		return o, fmt.Errorf("the user ids %d to %d are no range: the first must be above 0 and below the last, which builds web apps",
			o.FirstUserID, o.LastUserID)
	}
	if o.PostgresURL != "" {
		if u, err := url.Parse(o.PostgresURL); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			return o, fmt.Errorf("--postgres-url is not a postgres:// URL")
		}
	}
	if _, err := o.policy(); err != nil {
		return o, err
	}
	o.BundleRetention = cmp.Or(o.BundleRetention, DefaultBundleRetention)
	if o.BundleRetention < bundle.MinRetention {
		return o, fmt.Errorf("--bundle-retention is %s: bundles that nobody uses are kept for %s at least",
			o.BundleRetention, bundle.MinRetention)
	}
	if err := o.TLS.Check(); err != nil {
		return o, err
	}
	if err := o.checkGateway(); err != nil {
		return o, err
	}
	if o.MaxPluginsBytes < 0 {
		return o, fmt.Errorf("--max-plugins-size is below 0")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// policy reads the two lists of packages.
func (o Options) policy() (registry.Policy, error) {
	return registry.NewPolicy(o.AllowPackages, o.DenyPackages)
}

// gatewayTLS says whether the gateway speaks TLS.
func (o Options) gatewayTLS() bool { return len(o.GatewayTLS) > 0 || o.GatewayACME.Directory != "" }

// sharesUser says whether all instances run as orbitd's own user.
func (o Options) sharesUser() bool { return o.SharedUser || os.Geteuid() != 0 }

// buildUserID is the user that web apps are built as: the last one, which no instance gets.
func (o Options) buildUserID() int64 { return o.LastUserID }

// userBlock is the data directory's block of user ids.
func userBlock(dataDir string) (first, last int64) {
	sum := sha256.Sum256([]byte(dataDir))
	first = firstUserBlock + int64(binary.BigEndian.Uint16(sum[:])%userBlocks)*userBlockSize
	return first, first + userBlockSize - 1
}
