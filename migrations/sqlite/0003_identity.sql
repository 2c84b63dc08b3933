ALTER TABLE api_keys ADD COLUMN form TEXT NOT NULL DEFAULT 'sk_live_';        -- what the key begins with; vds_ is a session
ALTER TABLE api_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';                -- for people
ALTER TABLE api_keys ADD COLUMN permissions TEXT NOT NULL DEFAULT 'all';      -- words with commas between; all: whatever the user may do
ALTER TABLE api_keys ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN allowed_addresses TEXT NOT NULL DEFAULT '';   -- CIDR blocks with commas between; none: everywhere
ALTER TABLE api_keys ADD COLUMN last_used_at TEXT;                     -- give or take a minute
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);
CREATE INDEX users_by_organization ON users (organization_id);

-- Who did what. Rows are only added, and never hold a secret. Without an organization: a stranger.
CREATE TABLE audit (
    id              BLOB PRIMARY KEY,
    organization_id BLOB,
    user_id         BLOB,
    key_id          BLOB,
    address         TEXT,                        -- where the request came from; none: the command line
    action          TEXT NOT NULL,
    subject         TEXT NOT NULL,               -- the id of what it was done to
    created_at      TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_organization ON audit (organization_id, created_at, id);
