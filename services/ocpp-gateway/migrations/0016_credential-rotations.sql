-- New passwords on their way to chargers. Sealed until they are sent, a slow hash from the beginning:
-- from the sending on a charger may come with the new one, until it has done so with the old one too.
CREATE TABLE credential_rotations (
  cpo_id text COLLATE "C" NOT NULL,
  rotation_id uuid NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  password_hash text NOT NULL,
  sealed bytea,
  status text NOT NULL
    CHECK (status IN ('waiting', 'sent', 'accepted', 'rotated', 'rejected', 'superseded')),
  detail text,
  requested_by text NOT NULL,
  requested_at text COLLATE "C" NOT NULL,
  rotated_at text COLLATE "C",
  PRIMARY KEY (cpo_id, rotation_id),
  FOREIGN KEY (cpo_id, charge_point_id) REFERENCES charge_points
);
CREATE INDEX credential_rotations_open ON credential_rotations (cpo_id, charge_point_id)
  WHERE status IN ('waiting', 'sent', 'accepted');
CREATE INDEX charge_points_to_strengthen ON charge_points (cpo_id, charge_point_id)
  WHERE password_hash LIKE 'quick$%';
