-- Stations of OCPP 2.0.1 name their transactions themselves, and some use a name again.
ALTER TABLE sessions
  ADD COLUMN ocpp_version text NOT NULL DEFAULT '1.6',
  ADD COLUMN station_transaction_id text COLLATE "C",
  ALTER COLUMN transaction_id DROP NOT NULL,
  ADD CONSTRAINT sessions_transaction_named
    CHECK ((transaction_id IS NULL) <> (station_transaction_id IS NULL));
CREATE INDEX sessions_station_transaction
  ON sessions (cpo_id, charge_point_id, station_transaction_id, ordinal)
  WHERE station_transaction_id IS NOT NULL;
-- The session has it.
ALTER TABLE remote_commands ALTER COLUMN transaction_id DROP NOT NULL;
