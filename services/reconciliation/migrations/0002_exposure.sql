-- What is at risk is asked every minute; most sessions are not, however long they wait for a payout.
CREATE INDEX subjects_exposed ON subjects (cpo_id)
  WHERE awaited && ARRAY['session-close', 'cdr', 'payment', 'void', 'review'] AND amounts <> '';
CREATE INDEX findings_open ON findings (kind) WHERE resolved_at IS NULL;
