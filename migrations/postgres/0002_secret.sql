-- Tells whether a process was given the secret under which keys are digested. At most one row.
CREATE TABLE server_secret (
    id              BIGINT PRIMARY KEY CHECK (id = 1),
    digest          TEXT NOT NULL,               -- HMAC-SHA256 of a constant under the secret, hex
    created_at      TIMESTAMPTZ NOT NULL
);
