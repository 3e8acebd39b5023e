-- Times in which outage of a charge point, or of one connector, is not held against its uptime.
CREATE TABLE outage_exclusions (
  cpo_id text COLLATE "C" NOT NULL,
  exclusion_id uuid NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer,
  began_at text COLLATE "C" NOT NULL,
  ended_at text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  excluded_by text NOT NULL,
  withdrawn_at timestamptz,
  PRIMARY KEY (cpo_id, exclusion_id)
);
CREATE INDEX outage_exclusions_station ON outage_exclusions (cpo_id, charge_point_id, began_at);
