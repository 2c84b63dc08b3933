-- Of the filtered ports, those that were not tried, because nobody is there; and whether every port is open, whatever is there.
ALTER TABLE scan_hosts ADD COLUMN skipped_ports BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan_hosts ADD COLUMN all_ports_open BOOLEAN NOT NULL DEFAULT FALSE;
