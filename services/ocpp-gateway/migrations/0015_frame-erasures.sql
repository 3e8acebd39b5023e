-- Whose encrypted words were made unreadable, by whom: keys made before an instant do not count, also
-- where another process writes one down afterwards.
CREATE TABLE frame_erasures (
  cpo_id text COLLATE "C" NOT NULL,
  owner_mark text COLLATE "C" NOT NULL,
  made_before timestamptz NOT NULL,
  keys_erased integer NOT NULL,
  erased_by text NOT NULL,
  erased_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX frame_erasures_owner ON frame_erasures (cpo_id, owner_mark);

-- Who was shown what is encrypted in frames.
CREATE TABLE frame_disclosures (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  first_sequence bigint NOT NULL,
  last_sequence bigint NOT NULL,
  shown_to text NOT NULL,
  reason text NOT NULL,
  shown_at timestamptz NOT NULL DEFAULT now()
);
