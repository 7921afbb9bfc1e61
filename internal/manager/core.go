package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/admission"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/rollout"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime/process"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vetting"
)

// core is everything of orbitd but its listeners: what serve and stop share.
type core struct {
	options  Options
	site     func(workspace, baseURL string) changeplan.Site // nil while nobody is served
	packages packages
	embedded *postgres.Embedded // nil with a PostgreSQL of somebody else's
	cluster  *postgres.Cluster
	store    *store.Store
	vault    *vault.Vault
	runtime  runtime.Runtime
	// databaseURL is the manager's own database; it contains the password.
	databaseURL string
	closers     []func() error
}

// openCore installs and starts what is missing. Without the vault, which needs the sealing key, processes can be found
// and stopped, but none can be given its config.
func openCore(ctx context.Context, o Options, withVault bool, doing func(string)) (*core, error) {
	c := &core{options: o}
	err := c.open(ctx, doing)
	if err == nil && withVault {
		err = c.openVault(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.leave(ctx)) // nobody would find a server that it started
	}
	return c, nil
}

func (c *core) open(ctx context.Context, doing func(string)) (err error) {
	doing("installing Backstage, Node.js and PostgreSQL")
	if c.packages, err = openPackages(c.options, doing); err != nil {
		return err
	}
	base, err := c.packages.Ensure(ctx, backstage.Default().Version, nil, doing)
	if err != nil {
		return fmt.Errorf("install the release: %w", err)
	}
	doing("starting PostgreSQL")
	if err := c.openPostgres(ctx, base); err != nil {
		return err
	}
	doing("adopting the instances")
	return c.openRuntime() //nolint:contextcheck // the runtime lives until its Close
}

func (c *core) openPostgres(ctx context.Context, base bundle.Bundle) error {
	url := c.options.PostgresURL
	if url == "" {
		embedded, err := postgres.StartEmbedded(ctx, postgres.Options{
			BinDir: filepath.Join(bundle.PostgresDir(base.Dir), "bin"), DataDir: postgresDir(c.options),
			RunDir: c.options.RunDir, User: c.options.PostgresUser, Logger: c.options.Logger,
		})
		if err != nil {
			return err
		}
		c.embedded = embedded
		c.closers = append(c.closers, ignoring(embedded.Close))
		url = embedded.URL(postgres.ManagerDatabase)
	}
	var err error
	if c.cluster, err = postgres.OpenCluster(ctx, url, c.options.Logger); err != nil {
		return err
	}
	c.closers = append(c.closers, ignoring(c.cluster.Close))
	c.databaseURL = url
	return c.openStore(ctx)
}

func (c *core) openStore(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(c.databaseURL)
	if err != nil {
		return errors.New("read the URL of PostgreSQL: it is malformed") // pgx would quote it with the password
	}
	if c.store, err = store.Open(ctx, config); err != nil {
		return fmt.Errorf("data directory %s: %w", c.options.DataDir, err)
	}
	c.closers = append(c.closers, ignoring(c.store.Close))
	return nil
}

func (c *core) openVault(ctx context.Context) error {
	keyring, err := secret.LoadKeyring(ctx, c.options.SealingKey, c.options.DataDir, c.store.SealingKeyIDs)
	if err != nil {
		return err
	}
	c.vault = vault.New(keyring, c.store)
	return nil
}

func (c *core) openRuntime() error {
	if c.options.Runtime != nil {
		c.runtime = c.options.Runtime
		return nil
	}
	host, err := writeHost(c.options.CacheDir)
	if err != nil {
		return err
	}
	processes, err := process.New(process.Options{
		RunDir: filepath.Join(c.options.RunDir, "i"), DataDir: c.options.DataDir, HostDir: host, Logger: c.options.Logger,
	})
	if err != nil {
		return err
	}
	c.runtime = processes
	c.closers = append(c.closers, processes.Close)
	return nil
}

// writeHost puts the host that is inside this program beside the bundles, where instances of other orbitds that share
// the cache may use another version of it.
func writeHost(cacheDir string) (string, error) {
	dir := filepath.Join(cacheDir, "host", backstage.HostHash())
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil { // instances run as users of their own
		return "", fmt.Errorf("write the host: %w", err)
	}
	building, err := os.MkdirTemp(parent, "building-")
	if err != nil {
		return "", fmt.Errorf("write the host: %w", err)
	}
	defer func() { _ = os.RemoveAll(building) }()
	if err := errors.Join(os.CopyFS(building, backstage.Host()), os.Chmod(building, 0o755)); err != nil {
		return "", fmt.Errorf("write the host: %w", err)
	}
	err = os.Rename(building, dir)
	if _, exists := os.Stat(dir); err != nil && exists != nil {
		return "", fmt.Errorf("write the host: %w", err)
	}
	return dir, nil
}

// sharedStandbys is how many standbys an orbitd keeps whose instances share a user.
const sharedStandbys = 2

// supervisor returns the rollouts over this core. Without access no instance can be given its config.
func (c *core) supervisor(g *gateway.Gateway, url func(workspace, baseURL string) string, a rollout.Access, boots int64) *rollout.Supervisor {
	var bundles interface {
		rollout.Bundles
		rollout.Apps
	} = c.packages
	if c.options.Runtime != nil {
		bundles = &nothing{}
	}
	standbys := 0
	if c.options.sharesUser() {
		standbys = sharedStandbys
	}
	return rollout.New(rollout.Options{
		Vetting: c.vetting(),
		Store:   c.store, Vault: c.vault, Runtime: c.runtime, Bundles: bundles, Apps: bundles, Databases: c.cluster, Gateway: g, Access: a,
		URL: url, Logger: c.options.Logger, Boots: boots, DrainTimeout: c.options.DrainTimeout,
		Memory: c.options.Memory, SharedStandbys: standbys,
	})
}

// admission returns what decides about writes over this core.
func (c *core) admission(super *rollout.Supervisor) admission.Options {
	o := admission.Options{
		Store: c.store, Vault: c.vault, Registry: c.registry(), Vetting: c.vetting(), Wake: super.Wake, Planning: super.Planning,
		Interrupt: super.Interrupt, Domain: c.options.GatewayDomain,
	}
	if !c.options.sharesUser() {
		o.FirstUserID, o.LastUserID = c.options.FirstUserID, c.options.buildUserID()-1
	}
	return o
}

// registry is what is asked about packages.
func (c *core) registry() Registry {
	if c.options.Runtime != nil {
		return policed{c.options.Registry, c.packages.registry.Policy}
	}
	return c.packages
}

// vetting returns what checks declarations over this core.
func (c *core) vetting() vetting.Vetting {
	return vetting.Vetting{Packages: c.registry(), Site: c.site}
}

// eachInstance calls do with each stored workspace, one after the other, until one fails.
func (c *core) eachInstance(ctx context.Context, do func(ctx context.Context, workspace string) error) error {
	const page = 500
	for after := ""; ; {
		instances, err := c.store.Instances(ctx, after, page)
		if err != nil {
			return err
		}
		for _, instance := range instances {
			after = instance.Workspace
			if err := do(ctx, after); err != nil {
				return err
			}
		}
		if len(instances) < page {
			return nil
		}
	}
}

// close returns what the core holds. Instances and PostgreSQL run on.
func (c *core) close() error {
	var errs []error
	for _, closer := range slices.Backward(c.closers) {
		errs = append(errs, closer())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// ignoring makes a closer that cannot fail one that can.
func ignoring(closer func()) func() error {
	return func() error {
		closer()
		return nil
	}
}
