-- Sessions whose decision names included energy: what was drawn for them, and the facts that wait
-- for a draw. The lock of a row orders the two topics, whichever comes first.
CREATE TABLE drawing_sessions (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  -- JSON, as text: jsonb cannot keep every text that a charger may send.
  draws text NOT NULL,
  waiting text NOT NULL,
  -- When the first of them began to wait, by the database's clock.
  waiting_since timestamptz,
  PRIMARY KEY (cpo_id, session_id)
);
CREATE INDEX drawing_sessions_that_wait ON drawing_sessions (waiting_since)
  WHERE waiting_since IS NOT NULL;
