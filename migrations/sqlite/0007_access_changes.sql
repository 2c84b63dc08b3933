-- How often somebody's rights have changed. A process that no bell reaches looks here. One row.
CREATE TABLE access_changes (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    number          INTEGER NOT NULL
) STRICT;
INSERT INTO access_changes (id, number) VALUES (1, 0);
