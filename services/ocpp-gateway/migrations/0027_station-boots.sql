-- What a charge point last said of itself when it booted, for its firmware to be looked up.
CREATE TABLE station_boots (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  booted_at text COLLATE "C" NOT NULL,
  vendor text NOT NULL,
  model text NOT NULL,
  firmware_version text,
  PRIMARY KEY (cpo_id, charge_point_id)
);
