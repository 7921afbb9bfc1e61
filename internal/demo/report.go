package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// reads is how many reads of an instance the report takes the median of.
const reads = 21

// report prints what there is now and how to use it.
func (d *demo) report(ctx context.Context, changed bool) error {
	client, err := d.orbitd.Client()
	if err != nil {
		return err
	}
	instances, err := client.ListInstances(ctx, orbit.InstanceQuery{})
	if err != nil {
		return err
	}
	if !changed {
		d.say("No changes: the workspaces are as declared")
	}
	d.print("")
	for _, i := range instances.Items {
		d.print(fmt.Sprintf("%-8s %s   pid %d, database %s, %.0f MB", i.Workspace, i.URL, i.Status.PID, i.DatabaseName,
			megabytes(i.Status.MemoryBytes)))
		d.print("         " + curl(i))
	}
	if err := d.figures(ctx, client, instances.Items); err != nil {
		return err
	}
	d.print(fmt.Sprintf(`
Edit %s/main.tf, then apply the edit with

  . .orbit/demo.env && terraform -chdir=%s apply

Everything runs on until make demo-down.`, quickstart, quickstart))
	return nil
}

// curl reads the workspace's component: first a guest's token, then the catalog with it.
func curl(i orbit.Instance) string {
	return fmt.Sprintf(`curl -s %[1]s/api/catalog/entities/by-name/component/default/payments `+
		`-H "Authorization: Bearer $(curl -s %[1]s/api/auth/guest/refresh | grep -o 'eyJ[^"]*')"`, i.URL)
}

// figures prints what was measured.
func (d *demo) figures(ctx context.Context, client *orbit.Client, instances []orbit.Instance) error {
	d.print("")
	for _, i := range instances {
		boots, err := boots(ctx, client, i)
		if err != nil {
			return err
		}
		for _, line := range boots {
			d.print("figure: " + line)
		}
	}
	if len(instances) > 0 {
		median, err := medianRead(ctx, client, instances[0].Workspace)
		if err != nil {
			return err
		}
		d.print(fmt.Sprintf("figure: GET of an instance, median of %d: %.1f ms", reads, float64(median.Microseconds())/1000))
	}
	if memory, err := workbench.MemoryBytes(d.orbitd.PID()); err == nil {
		d.print(fmt.Sprintf("figure: memory of orbitd with %d instances: %.0f MB", len(instances), megabytes(memory)))
	}
	d.print(fmt.Sprintf("figure: make demo: %.0f s", d.elapsed()))
	return nil
}

// boots tells how long the instance's rollouts took, from its events.
func boots(ctx context.Context, client *orbit.Client, i orbit.Instance) ([]string, error) {
	events, err := client.ListEvents(ctx, i.Workspace, orbit.PageOptions{})
	if err != nil {
		return nil, err
	}
	var lines []string
	begin, what := i.CreatedAt, "first boot, from the API call, with an empty database"
	for _, e := range events.Items {
		switch {
		case e.At.Before(i.CreatedAt):
		case e.Reason == "RolloutStarted":
			begin, what = e.At, "restart beside the old process, on its database"
		case e.Reason == "Ready":
			lines = append(lines, fmt.Sprintf("%s: %s: %.1f s", i.Workspace, what, e.At.Sub(begin).Seconds()))
		}
	}
	return lines, nil
}

func medianRead(ctx context.Context, client *orbit.Client, workspace string) (time.Duration, error) {
	times := make([]time.Duration, reads)
	for i := range times {
		start := time.Now()
		if _, err := client.GetInstance(ctx, workspace); err != nil {
			return 0, err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return times[reads/2], nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
