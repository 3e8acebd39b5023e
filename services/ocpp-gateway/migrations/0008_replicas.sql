-- Processes on this database; one whose lease has run out is taken for dead by the others.
CREATE TABLE gateway_replicas (
  replica_id uuid PRIMARY KEY,
  -- Host and port: whoever has the name of another has taken the place of one that is gone.
  name text NOT NULL,
  -- By its own clock, as its facts are.
  alive_at text COLLATE "C" NOT NULL,
  lease_until timestamptz NOT NULL
);

ALTER TABLE connections
  ADD COLUMN replica_id uuid,
  -- Ended by another process, while the socket may still be open at the one that holds it.
  ADD COLUMN is_to_close boolean NOT NULL DEFAULT false;
CREATE INDEX connections_held ON connections (replica_id) WHERE disconnected_at IS NULL;
CREATE INDEX connections_to_close ON connections (replica_id) WHERE is_to_close;
