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

-- Appends events in the order given, in one round trip. Locks their streams, in one order for all
-- writers, and numbers what is new; an event whose id was recorded before keeps its number, also when
-- it was recorded by whoever held the lock before us: each statement here sees what was committed
-- when it begins. Ids are given out in the order of insertion and under the streams' locks: within a
-- stream the order of ids is that of the sequence.
CREATE OR REPLACE FUNCTION event_log.append(
  topics text[], stream_keys text[], event_ids uuid[], headers jsonb[], event_values text[],
  recorded_ats timestamptz[]
) RETURNS TABLE (event_id uuid, sequence bigint, is_new boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  new_count bigint;
BEGIN
  INSERT INTO event_log.streams AS s (topic, stream_key, last_sequence)
  SELECT u.topic COLLATE "C", u.stream_key COLLATE "C", count(*)
  FROM unnest(topics, stream_keys) AS u (topic, stream_key) GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (topic, stream_key)
    DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence;

  RETURN QUERY
  SELECT o.event_id, o.sequence, false FROM event_log.outbox o WHERE o.event_id = ANY (event_ids);

  RETURN QUERY
  WITH given AS (
    SELECT u.*, count(*) OVER (PARTITION BY u.topic, u.stream_key) AS reserved
    FROM unnest(topics, stream_keys, event_ids, headers, event_values, recorded_ats)
      WITH ORDINALITY AS u (topic, stream_key, event_id, headers, value, recorded_at, n)
  ), fresh AS (
    SELECT DISTINCT ON (g.event_id) g.* FROM given g
    WHERE NOT EXISTS (SELECT FROM event_log.outbox o WHERE o.event_id = g.event_id)
    ORDER BY g.event_id, g.n
  ), numbered AS (
    SELECT f.*, s.last_sequence - f.reserved
      + row_number() OVER (PARTITION BY f.topic, f.stream_key ORDER BY f.n) AS sequence
    FROM fresh f JOIN event_log.streams s ON s.topic = f.topic AND s.stream_key = f.stream_key
  )
  INSERT INTO event_log.outbox AS o
    (event_id, topic, stream_key, sequence, headers, value, recorded_at)
  SELECT u.event_id, u.topic, u.stream_key, u.sequence,
    u.headers || jsonb_build_object('ce_sequence', u.sequence::text), u.value, u.recorded_at
  FROM numbered u ORDER BY u.n
  RETURNING o.event_id, o.sequence, true;
  GET DIAGNOSTICS new_count = ROW_COUNT;

  -- Takes back the numbers of events that had been recorded before.
  IF new_count < cardinality(event_ids) THEN
    UPDATE event_log.streams s SET last_sequence = greatest(s.last_sequence - u.reserved, (
      SELECT max(o.sequence) FROM event_log.outbox o
      WHERE o.event_id = ANY (event_ids) AND o.topic = s.topic AND o.stream_key = s.stream_key
    ))
    FROM (
      SELECT g.topic, g.stream_key, count(*) AS reserved
      FROM unnest(topics, stream_keys) AS g (topic, stream_key) GROUP BY 1, 2
    ) u
    WHERE s.topic = u.topic AND s.stream_key = u.stream_key;
  END IF;
END $$;

-- Marks rows as published unless the lease has gone to another relay. Not waited for on the disk: a
-- mark that a crash of the server takes back means that its row is sent once more, which consumers
-- drop as seen.
CREATE OR REPLACE FUNCTION event_log.mark_published(
  ids bigint[], partitions integer[], log_offsets bigint[], lease_token bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE event_log.outbox o
  SET published_at = clock_timestamp(), partition = u.partition, log_offset = u.log_offset
  FROM unnest(ids, partitions, log_offsets) AS u (id, partition, log_offset)
  WHERE o.id = u.id AND o.published_at IS NULL
    AND EXISTS (SELECT FROM event_log.relay_lease l WHERE l.token = lease_token);
END $$;

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
