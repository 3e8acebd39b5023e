-- A transaction as its events have told so far; a name that comes again counts as the next generation.
CREATE TABLE station_transactions (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  ocpp_version text NOT NULL,
  -- Of its first event; null while that has not come.
  started_at text COLLATE "C",
  connector_id integer,
  -- Null while start, token and register are not all known.
  session_id uuid,
  -- The number of the event whose turn it is; null before there is a session.
  next_seq_no bigint,
  is_ended boolean NOT NULL DEFAULT false,
  -- On our clock: when what is missing is not waited for any longer.
  attention_at timestamptz,
  PRIMARY KEY (cpo_id, charge_point_id, transaction_id, generation)
);
CREATE INDEX station_transactions_attention ON station_transactions (attention_at)
  WHERE attention_at IS NOT NULL;

-- Events taken, by what they say, with what was answered; the whole event until its turn has come.
CREATE TABLE transaction_events (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  content_hash text COLLATE "C" NOT NULL,
  token_mark text,
  -- idTokenInfo; null without a token, and while nobody could be asked about it.
  answer jsonb,
  held_event text,
  PRIMARY KEY (cpo_id, charge_point_id, transaction_id, generation, content_hash)
);
CREATE INDEX transaction_events_held
  ON transaction_events (cpo_id, charge_point_id, transaction_id, generation)
  WHERE held_event IS NOT NULL;
