-- What a reader of a scan's results must know about them, each once.
CREATE TABLE scan_warnings (
    job_id          UUID NOT NULL REFERENCES jobs (id),
    code            TEXT NOT NULL,
    address         TEXT,                        -- the first one it was met at
    PRIMARY KEY (job_id, code)
);
