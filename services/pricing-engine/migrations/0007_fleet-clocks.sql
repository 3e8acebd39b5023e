-- What was said of a fleet is numbered by its stream. The revision is counted by a row of
-- authorization, which may come from a backup that is older than the log.
ALTER TABLE fleet_words ADD COLUMN sequence bigint CHECK (sequence > 0);
UPDATE fleet_words SET sequence = revision;
ALTER TABLE fleet_words ALTER COLUMN sequence SET NOT NULL;
ALTER TABLE fleet_words DROP CONSTRAINT fleet_words_pkey;
ALTER TABLE fleet_words ADD PRIMARY KEY (cpo_id, fleet_ref, sequence);
ALTER TABLE fleet_words DROP COLUMN revision;

-- When to look at a fleet next: at once after each word, and at the end of each month.
CREATE TABLE fleet_clocks (
  cpo_id text COLLATE "C" NOT NULL,
  fleet_ref text COLLATE "C" NOT NULL,
  -- Of the last word.
  sequence bigint NOT NULL,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, fleet_ref)
);
CREATE INDEX fleet_clocks_by_due ON fleet_clocks (due_at);
INSERT INTO fleet_clocks
  SELECT cpo_id, fleet_ref, max(sequence), 'epoch' FROM fleet_words GROUP BY 1, 2;
