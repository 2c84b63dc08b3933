-- The order of an organization's events. A place is the number of the transaction that stored the event. Events from
-- before this version have none.
ALTER TABLE events ADD COLUMN organization_id BLOB;
ALTER TABLE events ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_by_place ON events (organization_id, place);

-- One row: the number of the newest transaction that stored events. Position 0 is before all of them.
CREATE TABLE event_places (
    place           INTEGER NOT NULL
) STRICT;
INSERT INTO event_places VALUES (1);

-- The highest place of an organization's events that were removed.
CREATE TABLE event_floors (
    organization_id BLOB PRIMARY KEY,
    place           INTEGER NOT NULL
) STRICT;
