-- Where, for whom and when tariffs hold: the last that was said of each assignment, by revision.
-- All that was ever said is in the log.
CREATE TABLE tariff_assignments (
  cpo_id text COLLATE "C" NOT NULL,
  assignment_id text COLLATE "C" NOT NULL,
  assigned_revision bigint,
  -- TariffAssigned, as it stands in the log.
  assigned_json text,
  unassigned_revision bigint,
  -- TariffUnassigned, as it stands in the log.
  unassigned_json text,
  PRIMARY KEY (cpo_id, assignment_id)
);

ALTER TABLE tariffs ADD COLUMN withdrawn_at timestamptz;
