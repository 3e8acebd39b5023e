-- Certificates that the CPO's authority has signed for chargers. While one is issued, the charger may
-- come with it and with what it had before; from when it has come with it, with nothing older.
CREATE TABLE charger_certificates (
  cpo_id text COLLATE "C" NOT NULL,
  rotation_id uuid NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  -- SHA-256 of the request (DER): the same one again is no second certificate.
  request_digest text NOT NULL,
  fingerprint_sha256 text NOT NULL,
  serial_number text NOT NULL,
  -- PEM, with the authorities below the root.
  chain text NOT NULL,
  valid_from text COLLATE "C" NOT NULL,
  valid_until text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('issued', 'in-use', 'rejected', 'superseded')),
  detail text,
  -- The last command that carried it to the charger.
  command_id uuid NOT NULL,
  issued_at text COLLATE "C" NOT NULL,
  in_use_since text COLLATE "C",
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, rotation_id),
  FOREIGN KEY (cpo_id, charge_point_id) REFERENCES charge_points
);
CREATE INDEX charger_certificates_listed
  ON charger_certificates (cpo_id, charge_point_id, ordinal DESC);
CREATE UNIQUE INDEX charger_certificates_open
  ON charger_certificates (cpo_id, charge_point_id, request_digest) WHERE status = 'issued';
