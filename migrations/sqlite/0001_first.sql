-- Times are UTC. Every id is a version 7 UUID made by the server.

CREATE TABLE organizations (
    id              BLOB PRIMARY KEY,
    name            TEXT NOT NULL,
    tier            TEXT NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    email           TEXT NOT NULL UNIQUE,        -- lower case
    password_hash   TEXT,                        -- argon2id in PHC form; without one there is no login
    role            TEXT NOT NULL,
    enabled         INTEGER NOT NULL,
    created_at      TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id              BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id),
    digest          TEXT NOT NULL UNIQUE,        -- HMAC-SHA256 of the key under the server's secret, hex
    prefix          TEXT NOT NULL,               -- the first characters, to tell keys apart
    created_at      TEXT NOT NULL,
    expires_at      TEXT,
    revoked_at      TEXT
) STRICT;

-- No index here, nor on shards, may serve a query by status: Postgres would rather read all that is queued than look
-- up what is claimed, and every change of status would cost an entry in each index.
CREATE TABLE jobs (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    user_id         BLOB NOT NULL REFERENCES users (id),
    kind            TEXT NOT NULL,
    status          TEXT NOT NULL,
    subject         TEXT NOT NULL,               -- what the job is about, in canonical form; lists filter and sort by it
    request         TEXT NOT NULL,
    total_units     INTEGER NOT NULL,                 -- 0 until the job has been planned
    done_units      INTEGER NOT NULL,
    shards_left     INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,                 -- number of the newest event
    created_at      TEXT NOT NULL,
    started_at      TEXT,
    deadline_at     TEXT,
    completed_at    TEXT,
    error_code      TEXT,
    error_message   TEXT
) STRICT;
CREATE INDEX jobs_by_user ON jobs (user_id, kind, created_at, id);

-- A shard is what a worker claims: queued or running, and deleted when it is done or its job has ended. Shard 0 plans
-- its job and may add others.
CREATE TABLE shards (
    job_id          BLOB NOT NULL REFERENCES jobs (id),
    number          INTEGER NOT NULL,
    status          TEXT NOT NULL,
    range_start     INTEGER NOT NULL,                 -- units of the job, end exclusive
    range_end       INTEGER NOT NULL,
    position        INTEGER NOT NULL,                 -- checkpoint: every unit below it is settled
    attempt         INTEGER NOT NULL,                 -- fencing token: a write with an older one is refused
    run_after       TEXT,                             -- only while it is queued
    heartbeat_at    TEXT,                             -- only while it is running
    PRIMARY KEY (job_id, number)                     -- the order of submission: ids are made in it
) STRICT;
CREATE INDEX shards_running ON shards (heartbeat_at) WHERE heartbeat_at IS NOT NULL;

-- Written only in the transaction that changed the job: a reference would have Postgres look the job up for each row.
CREATE TABLE events (
    job_id          BLOB NOT NULL,
    seq             INTEGER NOT NULL,                 -- 1, 2, 3 ... without a gap in each job
    fact            TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT;

CREATE TABLE scans (
    job_id          BLOB PRIMARY KEY REFERENCES jobs (id),
    plan            TEXT,                          -- the addresses that names were resolved to
    open_ports      INTEGER NOT NULL,
    closed_ports    INTEGER NOT NULL,
    filtered_ports  INTEGER NOT NULL,
    deleted_at      TEXT                           -- when the results were deleted
) STRICT;

CREATE TABLE found_ports (
    job_id          BLOB NOT NULL REFERENCES jobs (id),
    address         TEXT NOT NULL,
    port            INTEGER NOT NULL,
    protocol        TEXT NOT NULL,
    host            TEXT NOT NULL,               -- as it was given in the target
    state           TEXT NOT NULL,
    unit            INTEGER NOT NULL,                 -- its place in the job's plan
    found_at        TEXT NOT NULL,
    PRIMARY KEY (job_id, address, port, protocol)
) STRICT;

-- Ports counted by address. Addresses without a row have not been reached yet.
CREATE TABLE scan_hosts (
    job_id          BLOB NOT NULL REFERENCES jobs (id),
    address         TEXT NOT NULL,
    host            TEXT NOT NULL,               -- as it was given in the target
    open_ports      INTEGER NOT NULL,
    closed_ports    INTEGER NOT NULL,
    filtered_ports  INTEGER NOT NULL,
    PRIMARY KEY (job_id, address)
) STRICT;
