-- +goose Up

-- Until when a process that was replaced may finish what it has, so that the next orbitd goes on waiting for it.
ALTER TABLE processes ADD COLUMN drain_until timestamptz;
