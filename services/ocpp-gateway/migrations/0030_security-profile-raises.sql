-- The connection by which a charger has shown that it is on the security profile it was raised to.
ALTER TABLE charger_commands ADD COLUMN followed_by uuid;
