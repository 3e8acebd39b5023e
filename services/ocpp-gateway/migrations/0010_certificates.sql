-- By which certificate a charger is known; credentials are in no event. The name is the CN or a DNS
-- name of it, null for the charge point's id; with a fingerprint (SHA-256, hexadecimal) no other
-- certificate of that name will do.
ALTER TABLE charge_points
  ADD COLUMN certificate_name text,
  ADD COLUMN certificate_fingerprint text,
  DROP CONSTRAINT charge_points_check,
  ADD CONSTRAINT charge_points_credentials
    CHECK (security_profile IN (0, 3) OR password_hash IS NOT NULL);
