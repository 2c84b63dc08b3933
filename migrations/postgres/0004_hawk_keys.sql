-- Keys that requests are signed with. The server needs them as they are, so they are encrypted and not digested.
CREATE TABLE hawk_keys (
    user_id         UUID PRIMARY KEY REFERENCES users (id),
    public_id       TEXT NOT NULL UNIQUE,        -- the user's id as clients send it, 24 hexadecimal digits
    sealed          BYTEA NOT NULL,              -- nonce and ciphertext under a key derived from the server's secret
    created_at      TIMESTAMPTZ NOT NULL
);
