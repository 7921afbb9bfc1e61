-- +goose Up

-- Plugins with a resource of their own have secrets of their own, in sets as those of instances are.
ALTER TABLE plugins ADD COLUMN secret_set bigint NOT NULL DEFAULT 0;
