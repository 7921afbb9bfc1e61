package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Seen is a workspace at one moment: its rows, and what they declare together.
type Seen struct {
	Instance Instance
	// Plugins are those with a resource of their own, by name.
	Plugins  []Plugin
	Declared Given
}

// Look reads a workspace as it is at one moment, or returns ErrNotFound: no write comes between what it reads.
func (s *Store) Look(ctx context.Context, workspace string) (seen Seen, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
		seen, err = queries{db: t}.look(ctx, workspace)
		return err
	})
	return seen, err
}

func (q queries) look(ctx context.Context, workspace string) (Seen, error) {
	instance, err := q.Instance(ctx, workspace)
	if err != nil {
		return Seen{}, err
	}
	plugins, err := q.Plugins(ctx, workspace)
	if err != nil {
		return Seen{}, err
	}
	revisions, err := q.revisions(ctx, workspace, instance.SecretSet)
	if err != nil {
		return Seen{}, err
	}
	given := Given{
		Generation: instance.Generation, Spec: instance.Spec, SecretSet: instance.SecretSet,
		Plugins: make(map[string]orbit.PluginSpec, len(plugins)), SecretRevisions: revisions,
	}
	for _, p := range plugins {
		given.Plugins[p.Package] = p.Spec
		if err := q.setPluginSecrets(ctx, &given, workspace, p.Package, p.SecretSet); err != nil {
			return Seen{}, err
		}
	}
	return Seen{Instance: instance, Plugins: plugins, Declared: given}, nil
}
