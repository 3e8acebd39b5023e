-- Chargers that nobody has registered, and that wait for the operator where he lets them. Few: strangers
-- may not fill the database.
CREATE TABLE pending_charge_points (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'refused')),
  ocpp_version text NOT NULL,
  remote_address text NOT NULL,
  -- What it says of itself at boot; its word, which nothing has proven.
  vendor text NOT NULL,
  model text NOT NULL,
  serial_number text,
  firmware_version text,
  first_booted_at text COLLATE "C" NOT NULL,
  last_booted_at text COLLATE "C" NOT NULL,
  refused_by text,
  refusal_reason text,
  touched_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, charge_point_id)
);
