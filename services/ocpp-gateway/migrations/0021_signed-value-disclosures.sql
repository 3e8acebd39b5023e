-- Who was shown which signed meter values, and why: they can name a driver's token.
CREATE TABLE signed_value_disclosures (
  cpo_id text COLLATE "C" NOT NULL,
  session_id uuid NOT NULL,
  first_sequence bigint NOT NULL,
  last_sequence bigint NOT NULL,
  shown_to text NOT NULL,
  reason text NOT NULL,
  shown_at timestamptz NOT NULL DEFAULT now()
);
