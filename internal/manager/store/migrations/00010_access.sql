-- +goose Up

-- Sealed values of orbitd itself, of no workspace: the key that it signs with.
CREATE TABLE own_credentials (
    name       text PRIMARY KEY,
    key_id     text NOT NULL,
    ciphertext bytea NOT NULL
);

-- Short-lived tokens for the APIs of instances. What is stored opens nothing: it is the token's hash.
CREATE TABLE access_tokens (
    id         text PRIMARY KEY,
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    hash       bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX access_tokens_expired ON access_tokens (expires_at);

-- Requests to register a location in a workspace's catalog, by their Idempotency-Key: a retry gets what its first
-- attempt made.
CREATE TABLE registrations (
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    key        text NOT NULL,
    target     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, key)
);
