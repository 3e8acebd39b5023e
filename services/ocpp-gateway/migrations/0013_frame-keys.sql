-- Keys under which what is sensitive in raw frames and signed values is encrypted, themselves encrypted
-- under the installation's. A row that is deleted makes what was encrypted under it unreadable for good.
-- Nothing is unique here: whoever writes frames never waits for another who does.
CREATE TABLE frame_keys (
  cpo_id text COLLATE "C" NOT NULL,
  -- Whose data: the mark of a token, or of a charge point where no token is known.
  owner_mark text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  wrapped_key bytea NOT NULL,
  made_at timestamptz NOT NULL
);
CREATE INDEX frame_keys_id ON frame_keys (key_id);
CREATE INDEX frame_keys_owner ON frame_keys (cpo_id, owner_mark);
