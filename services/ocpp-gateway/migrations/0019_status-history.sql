-- What connectors said of themselves, when; connector 0 is the charge point itself.
CREATE TABLE connector_status_history (
  cpo_id text COLLATE "C" NOT NULL,
  charge_point_id text COLLATE "C" NOT NULL,
  connector_id integer NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  -- The charger's claim where it can be believed, else when it was heard.
  changed_at text COLLATE "C" NOT NULL,
  status text NOT NULL,
  error_code text NOT NULL,
  PRIMARY KEY (cpo_id, charge_point_id, connector_id, changed_at, ordinal)
);
INSERT INTO connector_status_history
  (cpo_id, charge_point_id, connector_id, changed_at, status, error_code)
SELECT cpo_id, charge_point_id, connector_id, changed_at, status, error_code
FROM connector_statuses;
CREATE INDEX connections_of_station ON connections (cpo_id, charge_point_id, connected_at);
