-- What named no session, by kind and age: readings of idle connectors never find one, and may not keep
-- a stop from being looked at.
ALTER TABLE orphans
  ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS
    (CASE WHEN starts_with(fact, '{"kind":"stop"') THEN 'stop' ELSE 'readings' END) STORED,
  ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();
DROP INDEX orphans_waiting;
CREATE INDEX orphans_waiting ON orphans (cpo_id, charge_point_id, kind, ordinal)
  WHERE session_id IS NULL;
CREATE INDEX orphan_stops_waiting ON orphans (kept_at) WHERE session_id IS NULL AND kind = 'stop';
CREATE INDEX orphans_listed ON orphans (cpo_id, ordinal);
