-- +goose Up

-- What is declared. One row is one resource with an ETag of its own; the plugins of the instance's own map are part of
-- its spec.
CREATE TABLE instances (
    workspace           text PRIMARY KEY,
    spec                jsonb NOT NULL,
    secret_set          bigint NOT NULL DEFAULT 0,
    etag                text NOT NULL,
    generation          bigint NOT NULL,              -- counts the accepted changes of the instance and its plugins
    resource_generation bigint NOT NULL,              -- the generation that declared this content
    observed_generation bigint NOT NULL DEFAULT 0,
    conditions          jsonb NOT NULL DEFAULT '[]',
    user_id             bigint UNIQUE,                -- the operating system's user, where instances have their own
    deleting            boolean NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE plugins (
    workspace           text NOT NULL REFERENCES instances ON DELETE CASCADE,
    package             text NOT NULL,
    spec                jsonb NOT NULL,
    etag                text NOT NULL,
    resource_generation bigint NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, package)
);

-- Sealed values. A write that brings secrets makes a new set, so that putting it back is only a pointer. The revision
-- moves with the value and is all that a decision about a change needs to know of it.
CREATE SEQUENCE secret_sets;
CREATE TABLE secrets (
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    set        bigint NOT NULL,
    name       text NOT NULL,
    revision   bigint NOT NULL,
    key_id     text NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (workspace, set, name)
);

-- Sealed values that orbitd makes itself: the password of the database role.
CREATE TABLE credentials (
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    name       text NOT NULL,
    key_id     text NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (workspace, name)
);

-- Accepted writes and their fate. They outlive the instance.
CREATE TABLE changes (
    id              text PRIMARY KEY,
    workspace       text NOT NULL,
    package         text NOT NULL DEFAULT '',         -- '' is the instance itself
    operation       text NOT NULL CHECK (operation IN ('create', 'update', 'delete')),
    generation      bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('pending', 'applied', 'failed')),
    impact          text NOT NULL,
    reasons         jsonb NOT NULL DEFAULT '[]',
    warnings        jsonb NOT NULL DEFAULT '[]',
    progress        text NOT NULL DEFAULT '',
    problem         jsonb,
    rollout_id      text NOT NULL DEFAULT '',
    previous        jsonb,                            -- the resource before the change; null when there was none
    deadline        timestamptz NOT NULL,
    idempotency_key text UNIQUE,
    request_hash    text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz
);
CREATE INDEX changes_pending ON changes (workspace, generation) WHERE state = 'pending';
CREATE INDEX changes_finished ON changes (finished_at);

-- The processes of the instances, as handles that a restarted orbitd adopts.
CREATE TABLE processes (
    workspace  text NOT NULL REFERENCES instances ON DELETE CASCADE,
    id         text NOT NULL,
    role       text NOT NULL CHECK (role IN ('starting', 'serving', 'stopping')),
    handle     jsonb NOT NULL,
    given      jsonb NOT NULL,                        -- what the process was started with, without secrets
    bundle     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX processes_serving ON processes (workspace) WHERE role = 'serving';

CREATE TABLE events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace  text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    type       text NOT NULL,
    reason     text NOT NULL,
    message    text NOT NULL,
    rollout_id text NOT NULL DEFAULT ''
);
CREATE INDEX events_workspace ON events (workspace, id);
