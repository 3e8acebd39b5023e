-- A charge point's sessions, newest first, without reading those of others.
CREATE INDEX sessions_listed ON sessions (cpo_id, charge_point_id, ordinal DESC);
