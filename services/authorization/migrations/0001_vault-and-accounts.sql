-- The vault: what random references stand for. The one thing that no topic can give back.
-- An identifier is found by its HMAC and read by opening its seal (AES-256-GCM), both under keys
-- derived from VAULT_KEY. Deleting a row is what erases a person from the log: the reference stays
-- there and stands for nobody.
CREATE TABLE vault_references (
  cpo_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('token', 'driver', 'group')),
  lookup_hmac bytea NOT NULL CHECK (octet_length(lookup_hmac) = 32),
  reference uuid NOT NULL,
  sealed_identifier bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, kind, lookup_hmac),
  UNIQUE (cpo_id, kind, reference)
);

CREATE TABLE drivers (
  cpo_id text NOT NULL,
  driver_ref uuid NOT NULL,
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, driver_ref)
);

CREATE TABLE tokens (
  cpo_id text NOT NULL,
  token_ref uuid NOT NULL,
  -- Number of events on the token's stream: what orders the log's news against this row.
  version bigint NOT NULL CHECK (version > 0),
  status text NOT NULL CHECK (status IN ('valid', 'blocked')),
  token_type text NOT NULL,
  driver_ref uuid,
  group_ref uuid,
  expires_at timestamptz,
  payment_method_id text,
  issued_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, token_ref),
  FOREIGN KEY (cpo_id, driver_ref) REFERENCES drivers (cpo_id, driver_ref)
);
CREATE INDEX tokens_by_issue ON tokens (cpo_id, issued_at, token_ref);

CREATE TABLE memberships (
  cpo_id text NOT NULL,
  driver_ref uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  status text NOT NULL CHECK (status IN ('granted', 'revoked', 'expired')),
  -- What was granted last; left out once it is revoked.
  tier text,
  discount_percent text,
  valid_until timestamptz,
  -- By the database's clock, when the row was written: what lets the cache ask what it may lack.
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, driver_ref),
  FOREIGN KEY (cpo_id, driver_ref) REFERENCES drivers (cpo_id, driver_ref),
  CHECK (status = 'revoked' OR (tier IS NOT NULL AND discount_percent IS NOT NULL))
);
CREATE INDEX memberships_by_end ON memberships (valid_until) WHERE status = 'granted';
CREATE INDEX memberships_by_change ON memberships (changed_at);
