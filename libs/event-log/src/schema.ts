/**
 * The tables of the event log in a service's own database. Written to be run once before the
 * service's own migrations, and harmless when it runs again.
 */
export const eventLogMigrations = `
CREATE SCHEMA IF NOT EXISTS event_log;

-- One row per stream of which this service is the owner; its lock orders the stream's writers.
CREATE TABLE IF NOT EXISTS event_log.streams (
  topic text COLLATE "C" NOT NULL,
  stream_key text COLLATE "C" NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (topic, stream_key)
);

-- What is to be, or has been, published. Rows are kept: they recognise repeated ids and tell where
-- in the log an event lies. Copies of parked records have raw bytes and no sequence.
CREATE TABLE IF NOT EXISTS event_log.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL UNIQUE,
  topic text COLLATE "C" NOT NULL,
  stream_key text COLLATE "C" NOT NULL,
  sequence bigint,
  headers jsonb NOT NULL,
  value text,
  raw_key bytea,
  raw_value bytea,
  recorded_at timestamptz NOT NULL,
  published_at timestamptz,
  partition integer,
  log_offset bigint,
  UNIQUE (topic, stream_key, sequence),
  CHECK (sequence IS NULL OR (sequence > 0 AND value IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS outbox_unpublished ON event_log.outbox (id) WHERE published_at IS NULL;

CREATE OR REPLACE FUNCTION event_log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'event_log.% keeps what was said: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER outbox_keeps_events
  BEFORE UPDATE OF event_id, topic, stream_key, sequence, headers, value, raw_key, raw_value,
    recorded_at OR DELETE ON event_log.outbox
  FOR EACH ROW EXECUTE FUNCTION event_log.refuse();
CREATE OR REPLACE TRIGGER outbox_keeps_rows
  BEFORE TRUNCATE ON event_log.outbox
  FOR EACH STATEMENT EXECUTE FUNCTION event_log.refuse();

-- One relay per database. The token grows with every new holder and fences the one before.
CREATE TABLE IF NOT EXISTS event_log.relay_lease (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  token bigint NOT NULL,
  holder text NOT NULL,
  expires_at timestamptz NOT NULL
);
INSERT INTO event_log.relay_lease (token, holder, expires_at) VALUES (0, '', '-infinity')
  ON CONFLICT DO NOTHING;

-- Of which topics this database knows its own streams: adopted from the log, or numbered by itself.
-- Nothing is appended to a topic before its row is finished.
CREATE TABLE IF NOT EXISTS event_log.adoptions (
  topic text COLLATE "C" PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);

-- How far each consumer has come; the truth about offsets, Kafka's own are not used.
CREATE TABLE IF NOT EXISTS event_log.offsets (
  consumer text NOT NULL,
  cluster_id text NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  PRIMARY KEY (consumer, cluster_id, topic, partition)
);

-- The last sequence of each stream that a consumer has taken: what was seen is not taken twice.
CREATE TABLE IF NOT EXISTS event_log.seen (
  consumer text NOT NULL,
  topic text COLLATE "C" NOT NULL,
  stream_key text COLLATE "C" NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (consumer, topic, stream_key)
);

-- Records that could not be taken, whole, with everything that followed of the same key.
CREATE TABLE IF NOT EXISTS event_log.parked (
  consumer text NOT NULL,
  cluster_id text NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  log_offset bigint NOT NULL,
  stream_key text COLLATE "C" NOT NULL,
  sequence bigint,
  kind text NOT NULL CHECK (kind IN ('poison', 'gap', 'follows')),
  reason text NOT NULL,
  stack text,
  record_key bytea,
  record_value bytea,
  headers jsonb NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, cluster_id, topic, partition, log_offset)
);
CREATE INDEX IF NOT EXISTS parked_key ON event_log.parked (consumer, topic, stream_key);
`;
