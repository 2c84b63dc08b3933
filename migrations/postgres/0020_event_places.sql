-- The order of an organization's events. A place is the number of the transaction that stored the event, or that of the
-- job's event before it where that is higher. Events from before this version have none.
ALTER TABLE events ADD COLUMN organization_id UUID;
ALTER TABLE events ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
CREATE INDEX events_by_place ON events (organization_id, place);

-- One row: added to the number of every transaction, so that places go on rising in a database that was copied to a
-- server whose transactions have lower numbers.
CREATE TABLE event_places (
    place           BIGINT NOT NULL
);
INSERT INTO event_places VALUES (0);

-- The highest place of an organization's events that were removed.
CREATE TABLE event_floors (
    organization_id UUID PRIMARY KEY,
    place           BIGINT NOT NULL
);
