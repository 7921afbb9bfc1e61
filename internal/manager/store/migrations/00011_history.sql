-- +goose Up

-- The newest changes of a workspace: their ids grow with time.
CREATE INDEX changes_workspace ON changes (workspace, id);
