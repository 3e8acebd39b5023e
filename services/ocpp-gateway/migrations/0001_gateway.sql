-- Which charge points exist, and their credentials. Credentials are in no event.
CREATE TABLE charge_points (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  revision integer NOT NULL,
  location_id text NOT NULL,
  time_zone text NOT NULL,
  currency text NOT NULL,
  -- Plain digits, exactly as registered; null when unknown.
  tax_rate_percent text,
  tariff_id text NOT NULL,
  security_profile integer NOT NULL,
  password_hash text,
  registered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, charge_point_id),
  CHECK (security_profile = 0 OR password_hash IS NOT NULL)
);

CREATE TABLE connectors (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  power_w_max bigint NOT NULL CHECK (power_w_max > 0),
  PRIMARY KEY (cpo_id, charge_point_id, connector_id),
  FOREIGN KEY (cpo_id, charge_point_id) REFERENCES charge_points
);

CREATE TABLE connections (
  cpo_id text COLLATE "C" NOT NULL,
  connection_id uuid NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connected_at text COLLATE "C" NOT NULL,
  disconnected_at text COLLATE "C",
  cause text,
  PRIMARY KEY (cpo_id, connection_id)
);
CREATE INDEX connections_open ON connections (cpo_id, charge_point_id)
  WHERE disconnected_at IS NULL;

-- The last status of each connector; connector 0 is the charge point itself.
CREATE TABLE connector_statuses (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  status text NOT NULL,
  error_code text NOT NULL,
  changed_at text COLLATE "C" NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id, connector_id)
);

-- OCPP 1.6 errata: transaction ids are positive and never come twice.
CREATE SEQUENCE ocpp_transaction_ids AS integer MINVALUE 1 NO CYCLE;

-- A session as its events leave it. Instants are the charger's claims, as text: they may be absurd.
CREATE TABLE sessions (
  cpo_id text COLLATE "C" NOT NULL,
  session_id uuid NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  transaction_id integer NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  occurrence integer NOT NULL,
  -- A keyed digest of the idTag: it tells whether the same tag stopped the session.
  token_mark text NOT NULL,
  token_ref text NOT NULL,
  id_tag_info jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'stopped', 'closed')),
  state text NOT NULL,
  started_at text COLLATE "C" NOT NULL,
  stopped_at text COLLATE "C",
  closed_at text COLLATE "C",
  closed_by text,
  energy_milli_wh bigint,
  is_quarantined boolean NOT NULL,
  event_count integer NOT NULL,
  duplicates_seen integer NOT NULL DEFAULT 0,
  -- On our clock: when an open session with a stop is closed by time-out.
  close_due_at timestamptz,
  PRIMARY KEY (cpo_id, session_id),
  UNIQUE (cpo_id, charge_point_id, fingerprint, occurrence),
  UNIQUE (cpo_id, charge_point_id, transaction_id)
);
CREATE INDEX sessions_open ON sessions (cpo_id, charge_point_id, connector_id)
  WHERE status <> 'closed';
CREATE INDEX sessions_close_due ON sessions (close_due_at) WHERE status = 'stopped';

-- Meter reports already taken, by what they say.
CREATE TABLE meter_reports (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  report_hash text COLLATE "C" NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id, report_hash)
);

CREATE TABLE remote_commands (
  cpo_id text COLLATE "C" NOT NULL,
  command_id uuid NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  session_id uuid NOT NULL,
  transaction_id integer NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  requested_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, command_id)
);
CREATE INDEX remote_commands_pending ON remote_commands (next_attempt_at)
  WHERE status = 'pending';

-- Frames that were answered with an error, tags and passwords masked: evidence, counted per content.
CREATE TABLE refused_frames (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  frame_hash text COLLATE "C" NOT NULL,
  frame text NOT NULL,
  error_code text NOT NULL,
  detail text NOT NULL,
  times_seen integer NOT NULL DEFAULT 1,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, charge_point_id, frame_hash)
);

-- Keys of this installation that may not leave it.
CREATE TABLE installation_keys (
  name text PRIMARY KEY,
  secret bytea NOT NULL
);
