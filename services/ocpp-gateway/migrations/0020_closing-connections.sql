-- By which security profile a connection came: one that showed a password ends when another one is
-- registered. Null of connections from before. A connection that is to close and is not over by the
-- word of another process (is_to_close with disconnected_at null) is over for its credentials.
ALTER TABLE connections ADD COLUMN security_profile smallint;

-- A charger that has taken a new password and does not come with it is sent away once, at that time.
ALTER TABLE credential_rotations ADD COLUMN sent_away_at timestamptz;
