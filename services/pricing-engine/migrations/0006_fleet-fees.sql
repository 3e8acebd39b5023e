-- What was said of each fleet, in its order: what its months cost follows from it.
CREATE TABLE fleet_words (
  cpo_id text COLLATE "C" NOT NULL,
  fleet_ref text COLLATE "C" NOT NULL,
  revision bigint NOT NULL CHECK (revision > 0),
  -- FleetRegistered or FleetClosed, as it stands in the log.
  word text NOT NULL,
  PRIMARY KEY (cpo_id, fleet_ref, revision)
);

-- Fees that were charged, or that nobody can state yet. What they say is in the log.
CREATE TABLE fleet_fees (
  cpo_id text COLLATE "C" NOT NULL,
  fee_id text COLLATE "C" NOT NULL,
  fleet_ref text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('charged', 'withheld')),
  -- FleetFeeCharged or FleetFeeWithheld, as it stands in the log.
  fee text NOT NULL,
  PRIMARY KEY (cpo_id, fee_id)
);
CREATE INDEX fleet_fees_by_period ON fleet_fees (cpo_id, period, fee_id);

-- Months of fleets in which nothing is left to charge.
CREATE TABLE fleet_months (
  cpo_id text COLLATE "C" NOT NULL,
  fleet_ref text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  PRIMARY KEY (cpo_id, fleet_ref, period)
);
