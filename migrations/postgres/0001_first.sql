-- Times are UTC. Every id is a version 7 UUID made by the server.

CREATE TABLE organizations (
    id              UUID PRIMARY KEY,
    name            TEXT NOT NULL,
    tier            TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE users (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    email           TEXT NOT NULL UNIQUE,        -- lower case
    password_hash   TEXT,                        -- argon2id in PHC form; without one there is no login
    role            TEXT NOT NULL,
    enabled         BOOLEAN NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE api_keys (
    id              UUID PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id),
    digest          TEXT NOT NULL UNIQUE,        -- HMAC-SHA256 of the key under the server's secret, hex
    prefix          TEXT NOT NULL,               -- the first characters, to tell keys apart
    created_at      TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ,
    revoked_at      TIMESTAMPTZ
);

-- No index here, nor on shards, may serve a query by status: Postgres would rather read all that is queued than look
-- up what is claimed, and every change of status would cost an entry in each index.
CREATE TABLE jobs (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    user_id         UUID NOT NULL REFERENCES users (id),
    kind            TEXT NOT NULL,
    status          TEXT NOT NULL,
    subject         TEXT NOT NULL,               -- what the job is about, in canonical form; lists filter and sort by it
    request         JSONB NOT NULL,
    total_units     BIGINT NOT NULL,                 -- 0 until the job has been planned
    done_units      BIGINT NOT NULL,
    shards_left     BIGINT NOT NULL,
    last_seq        BIGINT NOT NULL,                 -- number of the newest event
    created_at      TIMESTAMPTZ NOT NULL,
    started_at      TIMESTAMPTZ,
    deadline_at     TIMESTAMPTZ,
    completed_at    TIMESTAMPTZ,
    error_code      TEXT,
    error_message   TEXT
) WITH (fillfactor = 50);                            -- room for a job's next state beside the last
CREATE INDEX jobs_by_user ON jobs (user_id, kind, created_at, id);

-- A shard is what a worker claims: queued or running, and deleted when it is done or its job has ended. Shard 0 plans
-- its job and may add others.
CREATE TABLE shards (
    job_id          UUID NOT NULL REFERENCES jobs (id),
    number          BIGINT NOT NULL,
    status          TEXT NOT NULL,
    range_start     BIGINT NOT NULL,                 -- units of the job, end exclusive
    range_end       BIGINT NOT NULL,
    position        BIGINT NOT NULL,                 -- checkpoint: every unit below it is settled
    attempt         BIGINT NOT NULL,                 -- fencing token: a write with an older one is refused
    run_after       TIMESTAMPTZ,                     -- only while it is queued
    heartbeat_at    TIMESTAMPTZ,                     -- only while it is running
    PRIMARY KEY (job_id, number)                     -- the order of submission: ids are made in it
);
CREATE INDEX shards_running ON shards (heartbeat_at) WHERE heartbeat_at IS NOT NULL;

-- Written only in the transaction that changed the job: a reference would have Postgres look the job up for each row.
CREATE TABLE events (
    job_id          UUID NOT NULL,
    seq             BIGINT NOT NULL,                 -- 1, 2, 3 ... without a gap in each job
    fact            JSONB NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job_id, seq)
);

CREATE TABLE scans (
    job_id          UUID PRIMARY KEY REFERENCES jobs (id),
    plan            JSONB,                          -- the addresses that names were resolved to
    open_ports      BIGINT NOT NULL,
    closed_ports    BIGINT NOT NULL,
    filtered_ports  BIGINT NOT NULL,
    deleted_at      TIMESTAMPTZ                           -- when the results were deleted
);

CREATE TABLE found_ports (
    job_id          UUID NOT NULL REFERENCES jobs (id),
    address         TEXT NOT NULL,
    port            BIGINT NOT NULL,
    protocol        TEXT NOT NULL,
    host            TEXT NOT NULL,               -- as it was given in the target
    state           TEXT NOT NULL,
    unit            BIGINT NOT NULL,                 -- its place in the job's plan
    found_at        TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (job_id, address, port, protocol)
);

-- Ports counted by address. Addresses without a row have not been reached yet.
CREATE TABLE scan_hosts (
    job_id          UUID NOT NULL REFERENCES jobs (id),
    address         TEXT NOT NULL,
    host            TEXT NOT NULL,               -- as it was given in the target
    open_ports      BIGINT NOT NULL,
    closed_ports    BIGINT NOT NULL,
    filtered_ports  BIGINT NOT NULL,
    PRIMARY KEY (job_id, address)
);
