package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// up brings the quickstart up, or finds that nothing is to do.
func (d *demo) up(ctx context.Context) error {
	if err := d.step("Building orbitd and the provider", func() error { return d.build(ctx) }); err != nil {
		return err
	}
	if err := d.ensureOrbitd(ctx); err != nil {
		return err
	}
	tf, err := d.terraform()
	if err != nil {
		return err
	}
	if err := d.init(ctx, tf); err != nil {
		return err
	}
	changed, err := d.apply(ctx, tf)
	if err != nil {
		return err
	}
	return d.report(ctx, changed)
}

func (d *demo) ensureOrbitd(ctx context.Context) error {
	d.say("Starting orbitd (API %s, gateway http://127.0.0.1:7007, data %s)", endpoint, d.data)
	started, err := d.orbitd.Ensure(ctx)
	if err != nil {
		return fmt.Errorf("start orbitd: %w", err)
	}
	if !started {
		d.say("  it runs already, pid %d", d.orbitd.PID())
		return nil
	}
	d.say("  it runs, pid %d, log %s", d.orbitd.PID(), d.orbitd.LogFile())
	return nil
}

// init initialises the quickstart with the provider just built. Terraform's lock file has the checksum of the one built
// before under the same version, so it is written anew.
func (d *demo) init(ctx context.Context, tf *tfexec.Terraform) error {
	lock := filepath.Join(d.root, quickstart, ".terraform.lock.hcl")
	if err := os.Remove(lock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the old lock file: %w", err)
	}
	return d.step("terraform init", func() error { return tf.Init(ctx) })
}

// apply plans and applies the quickstart and says whether there was anything to change.
func (d *demo) apply(ctx context.Context, tf *tfexec.Terraform) (changed bool, err error) {
	planFile := filepath.Join(d.root, ".orbit", "demo.tfplan")
	defer func() { _ = os.Remove(planFile) }()
	options := []tfexec.PlanOption{tfexec.Out(planFile)}
	if d.catalog != "" {
		options = append(options, tfexec.Var("catalog_dir="+d.catalog))
	}
	err = d.step("terraform plan", func() (err error) {
		changed, err = tf.Plan(ctx, options...)
		return err
	})
	if err != nil || !changed {
		return changed, err
	}
	tf.SetStdout(indented{d.screen})
	defer tf.SetStdout(nil)
	d.say("terraform apply")
	return true, tf.Apply(ctx, tfexec.DirOrPlan(planFile))
}

// indented shows Terraform's own lines as they come, with the time.
type indented struct{ screen *screen }

// Write takes whole lines, as Terraform writes them.
func (i indented) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			i.screen.say("  %s", line)
		}
	}
	return len(p), nil
}
