-- +goose Up

-- While a process is prepared that adds plugins: the schemas in the database that are not its own. Should it never
-- serve, the others are dropped. Null when no such process is prepared.
ALTER TABLE instances ADD COLUMN schemas_before text[];

-- The schemas of the added plugins, and of those that were removed a while ago.
CREATE TABLE plugin_schemas (
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    schema     text NOT NULL,                         -- the plugin's id
    package    text NOT NULL,
    removed_at timestamptz,                           -- null while the plugin serves
    PRIMARY KEY (workspace, schema)
);
CREATE INDEX plugin_schemas_removed ON plugin_schemas (removed_at) WHERE removed_at IS NOT NULL;
