ALTER TABLE api_keys ADD COLUMN description TEXT NOT NULL DEFAULT '';             -- for people
ALTER TABLE api_keys ADD COLUMN rate_tier TEXT NOT NULL DEFAULT 'standard';       -- how many requests a minute where keys are counted
ALTER TABLE users ADD COLUMN claimed_email TEXT;                                  -- lower case; named by a claim and shown by nobody to be theirs
CREATE INDEX users_by_claimed_email ON users (claimed_email) WHERE claimed_email IS NOT NULL;
