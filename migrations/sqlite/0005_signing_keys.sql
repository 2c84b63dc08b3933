-- A key that signs is a key like any other. It is found by 'hawk ' and its user's public id instead of a digest, since it
-- is never sent; one that was replaced is not found any more.
INSERT INTO api_keys (id, user_id, digest, form, prefix, created_at)
    SELECT user_id, user_id, 'hawk ' || public_id, 'hawk', '', created_at FROM hawk_keys;

-- The server needs them as they are, so they are encrypted and not digested.
CREATE TABLE hawk_secrets (
    key_id          BLOB PRIMARY KEY REFERENCES api_keys (id),
    sealed          BLOB NOT NULL               -- nonce and ciphertext under a key derived from the server's secret
) STRICT;
INSERT INTO hawk_secrets (key_id, sealed) SELECT user_id, sealed FROM hawk_keys;
DROP TABLE hawk_keys;
