-- Commands to chargers other than to stop a session: recorded before they are sent, and sent once.
CREATE TABLE charger_commands (
  cpo_id text COLLATE "C" NOT NULL,
  command_id uuid NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  charge_point_id text COLLATE "C" NOT NULL,
  command text NOT NULL,
  -- What everybody may know of it.
  parameters jsonb NOT NULL,
  -- All of it, encrypted, while it may still have to be sent.
  sealed bytea,
  -- A keyed digest of all of it: whether the same id was used for the same command.
  request_mark text NOT NULL,
  requested_by text NOT NULL,
  requested_at text COLLATE "C" NOT NULL,
  waits_for_charger boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('waiting', 'sent', 'accepted', 'rejected', 'failed')),
  -- On our clock: when it is not sent any more.
  expires_at timestamptz NOT NULL,
  -- The connection that it was claimed for. Nobody else sends it.
  connection_id uuid,
  sent_at timestamptz,
  concluded_at text COLLATE "C",
  outcome jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cpo_id, command_id)
);
CREATE INDEX charger_commands_open ON charger_commands (cpo_id, charge_point_id, ordinal)
  WHERE status IN ('waiting', 'sent');
CREATE INDEX charger_commands_listed ON charger_commands (cpo_id, charge_point_id, ordinal DESC);

-- What a charger can be told depends on it. Null of connections from before.
ALTER TABLE connections ADD COLUMN ocpp_version text;
