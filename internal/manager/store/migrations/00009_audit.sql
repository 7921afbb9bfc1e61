-- +goose Up

-- The writes that somebody signed in asked for. A row is written before the write is carried out, and its outcome
-- afterwards: a status of null is one that orbitd did not live to see.
CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    subject    text NOT NULL,
    role       text NOT NULL,
    operation  text NOT NULL,
    workspace  text NOT NULL,                 -- '' is none
    object     text NOT NULL,
    status     integer,
    code       text NOT NULL DEFAULT '',
    change_id  text NOT NULL DEFAULT '',
    request_id text NOT NULL,
    address    text NOT NULL
);
CREATE INDEX audit_workspace ON audit (workspace, id);
CREATE INDEX audit_at ON audit (at);
