package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

const configDir = "backstage/proven/config"

// prover goes through the list and records what it finds, one package at a time, so that an interrupted run goes on
// where it was.
type prover struct {
	release backstage.Release
	results results
	force   bool
}

// resolve asks the registry about the entries and returns those that are to be booted. The error tells about which
// nothing could be found out.
func (p *prover) resolve(ctx context.Context, entries []entry) (todo []resolved, _ error) {
	var unanswered []error
	for _, e := range entries {
		r, err := resolve(ctx, e, p.release)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if absent := (*missing)(nil); errors.As(err, &absent) {
			result := r.result()
			result.Reason = shorten(absent.words)
			if err := p.add(result); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			unanswered = append(unanswered, err)
		} else if !p.knows(r) {
			todo = append(todo, r)
		}
	}
	return todo, errors.Join(unanswered...)
}

func (p *prover) knows(r resolved) bool {
	before, known := p.results.of(p.release.Version, r.subject.name)
	_, contained := inRelease(p.release, r.subject.name)
	return known && before.Version == r.version && before.InRelease == contained && !p.force
}

// prove boots the entries one after the other, since two would distort each other's figures.
func (p *prover) prove(ctx context.Context, todo []resolved) (err error) {
	fmt.Printf("%d packages to boot\n", len(todo))
	site, err := open(ctx, p.release.Version)
	defer func() { err = errors.Join(err, site.close(ctx)) }()
	if err != nil {
		return err
	}
	base, err := site.alone(ctx)
	if err != nil {
		return err
	}
	demanded, err := openDemands(p.release, filepath.Join(site.dir, "host"))
	if err != nil {
		return err
	}
	for _, r := range todo {
		config, err := document(configDir, r.entry, demanded.of(ctx, r.plugins))
		if err != nil {
			return err
		}
		result, err := site.prove(ctx, r, base, config)
		if err != nil {
			return fmt.Errorf("prove %s: %w", r.subject, err)
		}
		if err := p.add(result); err != nil {
			return err
		}
	}
	return nil
}

func (p *prover) add(result backstage.ProvenPackage) error {
	outcome := "failed: " + result.Reason
	if result.Booted {
		outcome = fmt.Sprintf("%4.1f s  %+4.0f MB", result.BootSeconds, result.AddedMB)
	}
	fmt.Printf("%-72s %s\n", result.Package+"@"+result.Version, outcome)
	p.results = p.results.with(result)
	return p.record()
}

// record writes the results and their table.
func (p *prover) record() error {
	if err := p.results.save(resultsFile); err != nil {
		return err
	}
	return replace(tableFile, []byte(table(p.release.Version, p.results)))
}
