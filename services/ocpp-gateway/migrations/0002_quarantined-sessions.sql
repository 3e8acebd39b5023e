-- How many sessions wait for a person is asked every few seconds.
CREATE INDEX sessions_quarantined ON sessions (cpo_id) WHERE is_quarantined;
