-- When connectors became Available, the latest of each: a stop may be told after the next driver came.
CREATE TABLE connector_availabilities (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  available_at text COLLATE "C" NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id, connector_id, available_at)
);
-- For the session that began next on a connector.
CREATE INDEX sessions_begun ON sessions (cpo_id, charge_point_id, connector_id, started_at);
-- What cannot be read of a transaction's end; null when there is nothing of the kind.
ALTER TABLE station_transactions ADD COLUMN end_doubt text;
