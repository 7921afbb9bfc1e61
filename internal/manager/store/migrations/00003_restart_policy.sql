-- +goose Up

-- A restart that is asked for is a change that declares nothing. One that is stored under a restart policy, for a later
-- restart, says so.
ALTER TABLE changes
    DROP CONSTRAINT changes_operation_check,
    ADD CONSTRAINT changes_operation_check CHECK (operation IN ('create', 'update', 'delete', 'restart')),
    ADD COLUMN pending_restart boolean NOT NULL DEFAULT false;
