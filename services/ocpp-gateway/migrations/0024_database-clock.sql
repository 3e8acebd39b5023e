-- By the database's clock, for the processes of a fleet may not agree on what time it is. Null of
-- connections and processes from before.
ALTER TABLE connections ADD COLUMN begun_at timestamptz;
ALTER TABLE gateway_replicas ADD COLUMN renewed_at timestamptz;
