-- What a worker must be able to do to take a shard up: connections or raw_packets. The same for all shards of a job but
-- the one that plans it, which anybody may take.
ALTER TABLE shards ADD COLUMN needs TEXT NOT NULL DEFAULT 'connections';
UPDATE shards SET needs = 'raw_packets' WHERE number > 0 AND job_id IN
    (SELECT id FROM jobs WHERE request ->> 'scan_type' IN ('syn', 'fin', 'null', 'xmas')
        OR request -> 'options' ->> 'engine' = 'syn');
