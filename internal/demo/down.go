package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// down destroys the quickstart with Terraform and stops everything that the demo started.
func (d *demo) down(ctx context.Context) error {
	if err := d.step("Building orbitd and the provider", func() error { return d.build(ctx) }); err != nil {
		return err
	}
	state := filepath.Join(d.root, quickstart, "terraform.tfstate")
	if _, err := os.Stat(state); err == nil {
		if err := d.destroy(ctx); err != nil {
			return err
		}
	}
	if _, err := os.Stat(d.data); errors.Is(err, fs.ErrNotExist) {
		d.say("Nothing of the demo runs")
		return nil
	}
	err := d.step("Stopping orbitd and all it started", func() error {
		stopped, err := d.orbitd.Stop(ctx, true)
		if err == nil {
			d.say("  %s", stopped)
		}
		return err
	})
	if err != nil {
		return err
	}
	d.say("Removing the demo's data, %s", d.data)
	return d.removeData()
}

func (d *demo) destroy(ctx context.Context) error {
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
	tf.SetStdout(indented{d.screen})
	d.say("terraform destroy")
	options := []tfexec.DestroyOption{}
	if d.catalog != "" {
		options = append(options, tfexec.Var("catalog_dir="+d.catalog))
	}
	return tf.Destroy(ctx, options...)
}
