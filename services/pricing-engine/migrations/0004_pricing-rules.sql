-- Why a rule published the version, as JSON; null for what a person has published.
ALTER TABLE tariff_versions ADD COLUMN adjusted_by text;

-- What adjusts a tariff: one rule at a time, and the revision of the latest word on it.
CREATE TABLE pricing_rules (
  cpo_id text COLLATE "C" NOT NULL,
  tariff_id text COLLATE "C" NOT NULL,
  rule_id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL CHECK (revision > 0),
  -- The rule as JSON; null once it is removed.
  rule text,
  PRIMARY KEY (cpo_id, tariff_id)
);
CREATE INDEX pricing_rules_by_id ON pricing_rules (cpo_id, rule_id);

-- Working state, rebuilt from the log: where charge points are and what goes on at them.
CREATE TABLE site_charge_points (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  location_id text COLLATE "C" NOT NULL,
  time_zone text NOT NULL,
  connector_ids integer[] NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id)
);
CREATE INDEX site_charge_points_by_location ON site_charge_points (cpo_id, location_id);

CREATE TABLE site_sessions (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  location_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  -- As the charger claims, in UTC with milliseconds: as texts they sort, and any year fits.
  started_at text COLLATE "C" NOT NULL,
  closed_at text COLLATE "C",
  PRIMARY KEY (cpo_id, session_id)
);
CREATE INDEX site_sessions_by_start ON site_sessions (cpo_id, location_id, started_at);
CREATE INDEX site_sessions_by_close ON site_sessions (cpo_id, location_id, closed_at);
