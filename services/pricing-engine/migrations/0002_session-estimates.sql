-- The last estimate of each running session; gone once it is closed. What it says is in
-- event_log.outbox, as it was published.
CREATE TABLE session_estimates (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  -- Number of the last event of the session that it rests on.
  session_sequence bigint NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (cpo_id, session_id)
);
