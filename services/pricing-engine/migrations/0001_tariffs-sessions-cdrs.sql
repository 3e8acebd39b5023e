CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% keeps what was published: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;

-- One row per tariff. Its lock orders those who publish versions of it.
CREATE TABLE tariffs (
  cpo_id text COLLATE "C" NOT NULL,
  tariff_id text COLLATE "C" NOT NULL,
  -- Versions up to this one are withdrawn from new sessions; they still price those that began.
  withdrawn_version bigint,
  PRIMARY KEY (cpo_id, tariff_id)
);

-- Every version ever published, whole.
CREATE TABLE tariff_versions (
  cpo_id text COLLATE "C" NOT NULL,
  tariff_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  content_hash text NOT NULL,
  currency text NOT NULL,
  bills_parking_time boolean NOT NULL,
  ocpi_tariff_json text NOT NULL,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, tariff_id, version),
  FOREIGN KEY (cpo_id, tariff_id) REFERENCES tariffs (cpo_id, tariff_id)
);
CREATE TRIGGER tariff_versions_keep_rows BEFORE UPDATE OR DELETE ON tariff_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tariff_versions_keep_all BEFORE TRUNCATE ON tariff_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Working state: what is known of each session until its CDR, and what came too late after it.
CREATE TABLE rated_sessions (
  cpo_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('unrated', 'withheld', 'rated')),
  -- JSON, as text: jsonb cannot keep every text that a charger may send.
  state text NOT NULL,
  PRIMARY KEY (cpo_id, session_id)
);

-- Which CDRs exist. What they say is in event_log.outbox, as it was published.
CREATE TABLE cdrs (
  cpo_id text COLLATE "C" NOT NULL,
  cdr_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  content_hash text NOT NULL,
  issued_at timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, cdr_id)
);
CREATE INDEX cdrs_by_session ON cdrs (cpo_id, session_id);
CREATE INDEX cdrs_by_issue ON cdrs (cpo_id, issued_at, cdr_id);
CREATE TRIGGER cdrs_keep_rows BEFORE UPDATE OR DELETE ON cdrs
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cdrs_keep_all BEFORE TRUNCATE ON cdrs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
