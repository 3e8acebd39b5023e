-- Marks of passwords that a slow check found right, under a key that is not in the database.
CREATE TABLE proven_passwords (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  -- HMAC-SHA-256 over the charge point, the hash it was checked against and the password.
  mark bytea NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id)
);
