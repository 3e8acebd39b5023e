-- The books. Rows are added and never changed: the triggers below refuse everything else. An entry is
-- one row with all its lines, so none is ever there in part, and the row is refused unless it
-- balances. The CPO is part of every key.

-- Two lines or more, none of zero, debits equal credits: asked of every row that is written. In
-- PL/pgSQL because a function in SQL costs six times as much here.
CREATE FUNCTION lines_balance(accounts text[], amounts_minor bigint[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  amount_minor bigint;
  difference_minor bigint := 0;
BEGIN
  IF array_ndims(accounts) IS DISTINCT FROM 1 OR array_ndims(amounts_minor) IS DISTINCT FROM 1
    OR cardinality(accounts) <> cardinality(amounts_minor) OR cardinality(accounts) < 2
    OR array_position(accounts, NULL) IS NOT NULL THEN
    RETURN false;
  END IF;
  FOREACH amount_minor IN ARRAY amounts_minor LOOP
    -- The amount without its sign has to fit as well, for it is what a line shows.
    IF coalesce(abs(amount_minor), 0) = 0 THEN RETURN false; END IF;
    difference_minor := difference_minor + amount_minor;
  END LOOP;
  RETURN difference_minor = 0;
END $$;

CREATE TABLE journal_entries (
  cpo_id text COLLATE "C" NOT NULL,
  entry_id uuid NOT NULL,
  posting_rule text COLLATE "C" NOT NULL,
  document_id text COLLATE "C" NOT NULL,
  cause_event_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C",
  payment_id text COLLATE "C",
  currency char(3) NOT NULL,
  occurred_at timestamptz NOT NULL,
  booked_at timestamptz NOT NULL,
  booked_day date NOT NULL GENERATED ALWAYS AS ((booked_at AT TIME ZONE 'UTC')::date) STORED,
  period char(7) NOT NULL CHECK (period ~ '^\d{4}-\d{2}$'),
  entry_hash char(64) NOT NULL,
  narration text NOT NULL,
  -- The event that publishes the entry: where it lies in the log is found through the outbox.
  event_id uuid NOT NULL,
  -- The lines in their order: the account of each, and its amount, above zero for a debit and below
  -- for a credit. To be read as journal_lines.
  line_accounts text[] COLLATE "C" NOT NULL,
  line_amounts_minor bigint[] NOT NULL,
  PRIMARY KEY (cpo_id, entry_id),
  CONSTRAINT entry_balances CHECK (lines_balance(line_accounts, line_amounts_minor))
);
CREATE INDEX journal_entries_by_time ON journal_entries (cpo_id, booked_at, entry_id);
-- Looked up by the whole value only: a hash is half the work of a tree, and does not grow deeper.
CREATE INDEX journal_entries_by_session ON journal_entries USING hash (session_id);
CREATE INDEX journal_entries_by_document ON journal_entries USING hash (document_id);
-- Whoever fills the list of pending places also empties it: a short one, so that nobody waits long.
CREATE INDEX journal_entries_by_account ON journal_entries USING gin (line_accounts)
  WITH (gin_pending_list_limit = 256);

-- The lines of the entries, sided and positive.
CREATE VIEW journal_lines AS
SELECT e.cpo_id, e.entry_id, e.currency, e.booked_at, l.line_number::integer AS line_number, l.account,
  CASE WHEN l.amount_minor > 0 THEN 'debit' ELSE 'credit' END AS side,
  abs(l.amount_minor) AS amount_minor
FROM journal_entries e, unnest(e.line_accounts, e.line_amounts_minor) WITH ORDINALITY
  AS l (account, amount_minor, line_number);

-- The days of a book on which something was booked, so that unsealed ones are found at once.
CREATE TABLE journal_days (
  cpo_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (cpo_id, day)
);

CREATE TABLE journal_roots (
  cpo_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  entry_count bigint NOT NULL CHECK (entry_count > 0),
  root_hash char(64) NOT NULL,
  previous_root_hash text NOT NULL,
  key_id text NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (cpo_id, day)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused; correct by adding', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['journal_entries', 'journal_days', 'journal_roots']
  LOOP
    EXECUTE format(
      'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- A day that was sealed stays as it was sealed; one that is booked into is known from then on. Day by
-- day: a statement books into one or two of them, however many entries it has.
CREATE FUNCTION enter_days() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entered record;
  sealed_day date;
BEGIN
  FOR entered IN SELECT DISTINCT cpo_id, booked_day FROM booked ORDER BY cpo_id, booked_day LOOP
    SELECT max(day) INTO sealed_day FROM journal_roots WHERE cpo_id = entered.cpo_id;
    IF entered.booked_day <= sealed_day THEN
      RAISE EXCEPTION 'book % is sealed up to % or later', entered.cpo_id, entered.booked_day
        USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO journal_days VALUES (entered.cpo_id, entered.booked_day) ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER days_are_open AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS booked
  FOR EACH STATEMENT EXECUTE FUNCTION enter_days();
