package manager

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/postgres"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
)

// Reseal seals everything that orbitd keeps sealed with another key: the first one in newKeyFile or, where orbitd keeps its
// key itself and newKeyFile is "", a new one. No orbitd may run with the data directory; instances run on. It tells
// what it did. All values are sealed again or none is, and a start finds the keys it needs wherever this one ends.
func Reseal(ctx context.Context, o Options, newKeyFile string, tell func(string)) (err error) {
	if o, err = o.withDefaults(); err != nil {
		return err
	}
	if _, err := os.Stat(o.DataDir); err != nil {
		return fmt.Errorf("no orbitd has run with the data directory %s: %w", o.DataDir, err)
	}
	file, err := lock(o.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	rotation, err := secret.NewRotation(ctx, o.SealingKey, o.DataDir, newKeyFile)
	if err != nil {
		return err
	}
	c, err := openCore(ctx, o, false, func(string) {})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.leave(ctx)) }()
	all, resealed, err := vault.New(rotation.Keyring, c.store).Reseal(ctx, rotation.Prepare)
	if err != nil {
		return fmt.Errorf("seal the stored secrets again: %w", err)
	}
	if err := rotation.Finish(); err != nil {
		return fmt.Errorf("every secret is sealed with the new key; the old one stays beside it: %w", err)
	}
	tell(fmt.Sprintf("%d of %d stored values sealed again; all are sealed with key %s now", resealed, all, rotation.Keyring.SealingKeyID()))
	if rotation.Owned {
		tell("the data directory's " + secret.KeyFileName + " has that key: back it up; the old one opens older backups of the database")
	} else {
		tell("start orbitd with that key from now on: point --sealing-key-file, ORBIT_SEALING_KEY or --sealing-key-command at it")
	}
	return nil
}

// leave closes the core and stops the PostgreSQL that it started: what it found running runs on.
func (c *core) leave(ctx context.Context) error {
	err := c.close()
	if c.embedded == nil || c.embedded.Adopted() {
		return err
	}
	return errors.Join(err, postgres.StopRunning(context.WithoutCancel(ctx), postgresDir(c.options)))
}
