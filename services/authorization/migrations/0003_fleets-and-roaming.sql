-- Fleets, and tokens that somebody else than their driver pays for.
ALTER TABLE vault_references
  DROP CONSTRAINT vault_references_kind_check,
  ADD CONSTRAINT vault_references_kind_check
    CHECK (kind IN ('token', 'driver', 'group', 'fleet'));

CREATE TABLE fleets (
  cpo_id text NOT NULL,
  fleet_ref uuid NOT NULL,
  -- Number of events on the fleet's stream: what orders the log's news against this row.
  revision bigint NOT NULL CHECK (revision > 0),
  status text NOT NULL CHECK (status IN ('registered', 'closed')),
  plan text NOT NULL,
  time_zone text NOT NULL,
  PRIMARY KEY (cpo_id, fleet_ref)
);

ALTER TABLE tokens
  ADD COLUMN fleet_ref uuid,
  ADD COLUMN roaming_party_id text,
  ADD COLUMN roaming_whitelist text,
  ADD CONSTRAINT tokens_fleet FOREIGN KEY (cpo_id, fleet_ref) REFERENCES fleets (cpo_id, fleet_ref),
  ADD CONSTRAINT tokens_roaming CHECK (
    (roaming_party_id IS NULL) = (roaming_whitelist IS NULL)
    AND (roaming_party_id IS NULL
      OR (fleet_ref IS NULL AND driver_ref IS NULL AND payment_method_id IS NULL))
  ),
  ADD CONSTRAINT tokens_one_payer CHECK (fleet_ref IS NULL OR payment_method_id IS NULL);
