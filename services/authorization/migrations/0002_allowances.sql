-- Energy that is included each month, by whose it is. The state behind access.allowances.v1; the
-- lock of a row orders the sessions that draw from it.
CREATE TABLE allowances (
  cpo_id text COLLATE "C" NOT NULL,
  subject_ref text COLLATE "C" NOT NULL,
  -- The calendar month at the location of the session, YYYY-MM.
  period text COLLATE "C" NOT NULL,
  drawn_milli_wh bigint NOT NULL CHECK (drawn_milli_wh >= 0),
  PRIMARY KEY (cpo_id, subject_ref, period)
);

-- What each session has drawn in all, and for which settlement of its energy.
CREATE TABLE allowance_draws (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  subject_ref text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  energy_revision integer NOT NULL CHECK (energy_revision > 0),
  drawn_milli_wh bigint NOT NULL CHECK (drawn_milli_wh >= 0),
  PRIMARY KEY (cpo_id, session_id),
  FOREIGN KEY (cpo_id, subject_ref, period) REFERENCES allowances (cpo_id, subject_ref, period)
);
CREATE INDEX allowance_draws_by_month ON allowance_draws (cpo_id, subject_ref, period);

-- Working state: what is known of sessions whose decision names included energy.
CREATE TABLE drawing_sessions (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  -- JSON, as text: jsonb cannot keep every text that a charger may send.
  facts text NOT NULL,
  PRIMARY KEY (cpo_id, session_id)
);
