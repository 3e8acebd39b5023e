-- What named no session, as it was said, until its session is found.
CREATE TABLE orphans (
  cpo_id text COLLATE "C" NOT NULL,
  orphan_id uuid NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  charge_point_id text COLLATE "C" NOT NULL,
  -- A stop or readings; a tag stands there as its keyed mark.
  fact text NOT NULL,
  event_ids uuid[] NOT NULL,
  -- Null while it waits.
  session_id uuid,
  PRIMARY KEY (cpo_id, orphan_id)
);
CREATE INDEX orphans_waiting ON orphans (cpo_id, charge_point_id, ordinal) WHERE session_id IS NULL;

-- Charge points with orphans, and when on our clock their sessions are looked for.
CREATE TABLE orphan_matchings (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  -- Null while nothing has come that could find one.
  due_at timestamptz,
  PRIMARY KEY (cpo_id, charge_point_id)
);
CREATE INDEX orphan_matchings_due ON orphan_matchings (due_at) WHERE due_at IS NOT NULL;
