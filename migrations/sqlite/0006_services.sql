-- What runs on an open port, as JSON; none until it is known. Only scans that were asked to find out ever know.
ALTER TABLE found_ports ADD COLUMN service TEXT;
