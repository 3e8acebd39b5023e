-- Until when a hold is kept for a session whose stop was estimated: its charger may still tell it.
ALTER TABLE payments ADD COLUMN hold_kept_until timestamptz;
CREATE INDEX payments_hold_kept ON payments (hold_kept_until) WHERE hold_kept_until IS NOT NULL;
