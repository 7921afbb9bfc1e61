-- +goose Up

-- Which exact version a range means for a workspace's plugin: chosen once, and never again. The rows outlive plugin and
-- instance, because a plan may come before the instance, and a replacement deletes it between plan and create.
CREATE TABLE plugin_resolutions (
    workspace     text NOT NULL,
    package       text NOT NULL,
    version_range text NOT NULL,
    version       text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    used_at       timestamptz NOT NULL DEFAULT now(), -- when a plan or a write last asked for it
    PRIMARY KEY (workspace, package, version_range)
);
CREATE INDEX plugin_resolutions_used ON plugin_resolutions (used_at);
