-- How often somebody's rights have changed. A process that no bell reaches looks here. One row.
CREATE TABLE access_changes (
    id              BIGINT PRIMARY KEY CHECK (id = 1),
    number          BIGINT NOT NULL
);
INSERT INTO access_changes (id, number) VALUES (1, 0);
