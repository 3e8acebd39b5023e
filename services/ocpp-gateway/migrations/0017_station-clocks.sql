-- How far the clock of each charger is from ours, as far as its messages say.
CREATE TABLE station_clocks (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connection_id text NOT NULL,
  skew_ms bigint NOT NULL,
  recorded_skew_ms bigint NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id)
);
