-- +goose Up

-- Tokens of the API. Of the token itself only a digest is here: it has 256 random bits, so no digest is slow enough to be
-- needed. The workspace need not have an instance, and a token outlives it: whoever has it may create it again.
CREATE TABLE tokens (
    id              text PRIMARY KEY,
    digest          bytea NOT NULL,
    workspace       text NOT NULL,            -- '' is all
    role            text NOT NULL,
    description     text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    created_by      text NOT NULL,
    expires_at      timestamptz,              -- null is never
    last_used_at    timestamptz,
    idempotency_key text UNIQUE,
    request_hash    text NOT NULL DEFAULT ''
);
CREATE INDEX tokens_workspace ON tokens (workspace, id);
CREATE INDEX tokens_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;
