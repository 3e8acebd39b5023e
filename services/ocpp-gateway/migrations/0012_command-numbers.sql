-- What a charger knows a command by, where OCPP has a number for it.
CREATE SEQUENCE ocpp_request_ids AS integer MINVALUE 1 CYCLE;
ALTER TABLE charger_commands
  ADD COLUMN request_id integer NOT NULL DEFAULT nextval('ocpp_request_ids'),
  -- A keyed digest of the token that a start or a reservation is for.
  ADD COLUMN token_mark text,
  -- The transaction of a 2.0.1 station that names this command.
  ADD COLUMN ocpp_transaction_id text COLLATE "C",
  -- When a session began because of it.
  ADD COLUMN led_to_session_at timestamptz;
CREATE INDEX charger_commands_request
  ON charger_commands (cpo_id, charge_point_id, request_id);
CREATE INDEX charger_commands_starts ON charger_commands (cpo_id, charge_point_id)
  WHERE command = 'RemoteStart' AND led_to_session_at IS NULL;
