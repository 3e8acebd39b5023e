-- Keys sort by code units here as in our code (collation C): it is the order of all locks.

-- What every hop has said about one session, and what was made of it.
CREATE TABLE subjects (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  -- Facts and verdict as JSON text; amounts are texts in it.
  facts text NOT NULL,
  verdict text NOT NULL,
  status text NOT NULL,
  outcome text,
  awaited text[] NOT NULL DEFAULT '{}',
  amounts text NOT NULL,
  currency text,
  open_findings integer NOT NULL DEFAULT 0,
  started_at timestamptz,
  -- UTC day of the close, by event time.
  closed_day date,
  look_again_at timestamptz,
  PRIMARY KEY (cpo_id, session_id)
);
CREATE INDEX subjects_by_start
  ON subjects (cpo_id, (coalesce(started_at, '-infinity'::timestamptz)), session_id);
CREATE INDEX subjects_by_day ON subjects (cpo_id, closed_day);
CREATE INDEX subjects_to_look_at ON subjects (look_again_at) WHERE look_again_at IS NOT NULL;

CREATE TABLE payouts (
  cpo_id text COLLATE "C" NOT NULL,
  payout_id text COLLATE "C" NOT NULL,
  amount_minor bigint,
  members_net_minor bigint,
  member_sessions text[] NOT NULL DEFAULT '{}',
  paid boolean NOT NULL DEFAULT false,
  failed boolean NOT NULL DEFAULT false,
  booked text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (cpo_id, payout_id)
);

CREATE TABLE findings (
  cpo_id text COLLATE "C" NOT NULL,
  finding_id uuid NOT NULL,
  subject_id text NOT NULL,
  kind text NOT NULL,
  detail text NOT NULL,
  currency text,
  expected_minor bigint,
  actual_minor bigint,
  found_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolution text,
  PRIMARY KEY (cpo_id, finding_id)
);
CREATE INDEX findings_by_time ON findings (cpo_id, found_at, finding_id);
CREATE INDEX findings_by_subject ON findings (cpo_id, subject_id);

CREATE TABLE closed_days (
  cpo_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (cpo_id, day)
);
