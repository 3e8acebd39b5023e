-- The books. Rows are added and never changed: the triggers below refuse everything else, and the
-- commit of an entry that does not balance. The CPO is the first column of every key.

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
  PRIMARY KEY (cpo_id, entry_id)
);
CREATE INDEX journal_entries_by_time ON journal_entries (cpo_id, booked_at, entry_id);
CREATE INDEX journal_entries_by_day ON journal_entries (cpo_id, booked_day);
CREATE INDEX journal_entries_by_session ON journal_entries (cpo_id, session_id);
CREATE INDEX journal_entries_by_document ON journal_entries (cpo_id, document_id);

CREATE TABLE journal_lines (
  cpo_id text COLLATE "C" NOT NULL,
  entry_id uuid NOT NULL,
  line_number integer NOT NULL CHECK (line_number > 0),
  account text COLLATE "C" NOT NULL,
  side text NOT NULL CHECK (side IN ('debit', 'credit')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (cpo_id, entry_id, line_number),
  FOREIGN KEY (cpo_id, entry_id) REFERENCES journal_entries (cpo_id, entry_id)
);
CREATE INDEX journal_lines_by_account ON journal_lines (cpo_id, account, entry_id);

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
  FOREACH name IN ARRAY ARRAY['journal_entries', 'journal_lines', 'journal_days', 'journal_roots']
  LOOP
    EXECUTE format(
      'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;

-- Checked at the commit, when an entry has all its lines; lines added later are checked as well.
CREATE FUNCTION entry_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  line_count bigint;
  difference_minor numeric;
BEGIN
  SELECT count(*),
         coalesce(sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END), 0)
    INTO line_count, difference_minor
    FROM journal_lines WHERE cpo_id = NEW.cpo_id AND entry_id = NEW.entry_id;
  IF line_count < 2 OR difference_minor <> 0 THEN
    RAISE EXCEPTION 'entry % has % lines, debits less credits are %',
      NEW.entry_id, line_count, difference_minor USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_must_balance();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_lines
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_must_balance();

-- A day that was sealed stays as it was sealed.
CREATE FUNCTION day_must_be_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sealed record;
BEGIN
  SELECT b.cpo_id, b.booked_day INTO sealed FROM booked b
   WHERE EXISTS (SELECT FROM journal_roots r WHERE r.cpo_id = b.cpo_id AND r.day >= b.booked_day)
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'book % is sealed up to % or later', sealed.cpo_id, sealed.booked_day
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER day_is_open AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS booked
  FOR EACH STATEMENT EXECUTE FUNCTION day_must_be_open();
