package store

import "context"

// BundlesInUse returns the hashes of the bundles that processes of any workspace run, and of the web apps that they serve.
func (q queries) BundlesInUse(ctx context.Context) ([]string, error) {
	type row struct{ Bundle string }
	rows, err := collect[row](ctx, q.db, "the bundles in use", "SELECT bundle FROM processes "+
		"UNION SELECT given->>key FROM processes, unnest(ARRAY['app', 'earlier_app']) key WHERE given ? key")
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(rows))
	for i, r := range rows {
		hashes[i] = r.Bundle
	}
	return hashes, nil
}
