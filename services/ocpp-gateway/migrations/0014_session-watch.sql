-- A session that runs and of which nothing is heard: when, on our clock, it is looked at, and since when
-- its charger has been asked. Without an index: it moves with each word of a session, and those that are
-- open have one (sessions_open).
ALTER TABLE sessions
  ADD COLUMN watch_due_at timestamptz,
  ADD COLUMN watch_asked_at timestamptz;
UPDATE sessions SET watch_due_at = now() + interval '1 hour' WHERE status = 'active';
