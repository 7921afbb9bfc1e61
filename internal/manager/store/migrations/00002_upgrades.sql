-- +goose Up

-- What served last, so that a boot knows whether code of another version meets the database, and the clone that has to
-- take the database's place because an upgrade did not come to its end.
ALTER TABLE instances
    ADD COLUMN served       jsonb,
    ADD COLUMN restore_from text NOT NULL DEFAULT '';
UPDATE instances i SET served = p.given FROM processes p WHERE p.workspace = i.workspace AND p.role = 'serving';

-- Turns through the operating system's users, so that none is given out again soon.
CREATE SEQUENCE user_ids;
