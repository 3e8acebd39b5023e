-- Working state of payment-capture. The events themselves are in event_log.outbox, append-only; a
-- payment's state is folded from there. Everything here can be built again from the topics.

-- One row per session: its lock orders everybody who decides about the session's payment.
CREATE TABLE payments (
  cpo_id text NOT NULL,
  payment_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  charge_point_id text,
  -- Set once charging.sessions.v1 has shown the start.
  started boolean NOT NULL DEFAULT false,
  -- What pricing.cdrs.v1 said: it can come while a hold is still unknown.
  price jsonb,
  withheld_reason text,
  -- Set once the payment has an event.
  opened boolean NOT NULL DEFAULT false,
  payment_intent_id text,
  PRIMARY KEY (cpo_id, payment_id),
  UNIQUE (cpo_id, session_id)
);
CREATE UNIQUE INDEX payments_payment_intent ON payments (payment_intent_id)
  WHERE payment_intent_id IS NOT NULL;

-- What has to be asked of the processor: written with the event that asks for it.
CREATE TABLE processor_calls (
  cpo_id text NOT NULL,
  idempotency_key text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  payment_id text COLLATE "C" NOT NULL,
  call jsonb NOT NULL,
  -- call: ask for it; question: ask what became of it.
  next_step text NOT NULL DEFAULT 'call' CHECK (next_step IN ('call', 'question')),
  tries integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  first_tried_at timestamptz,
  next_at timestamptz NOT NULL DEFAULT now(),
  leased_until timestamptz,
  done_at timestamptz,
  outcome text,
  last_error text,
  PRIMARY KEY (cpo_id, idempotency_key)
);
CREATE INDEX processor_calls_due ON processor_calls (next_at) WHERE done_at IS NULL;
CREATE INDEX processor_calls_open ON processor_calls (cpo_id, payment_id, number)
  WHERE done_at IS NULL;

-- Webhook events, acknowledged once they stand here. Only what leads to the object is kept: the
-- body can hold personal data, and the object is read again anyway.
CREATE TABLE webhook_inbox (
  cpo_id text NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  object_id text,
  payment_intent_id text,
  created_at timestamptz NOT NULL,
  body_sha256 text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  tries integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  leased_until timestamptz,
  handled_at timestamptz,
  last_error text,
  PRIMARY KEY (cpo_id, event_id),
  CONSTRAINT webhook_inbox_event UNIQUE (event_id)
);
CREATE INDEX webhook_inbox_due ON webhook_inbox (next_at) WHERE handled_at IS NULL;

-- Which balance transactions have been published, so that each is published once.
CREATE TABLE balance_transactions (
  cpo_id text NOT NULL,
  balance_transaction_id text COLLATE "C" NOT NULL,
  reporting_category text NOT NULL,
  amount_minor bigint NOT NULL,
  net_minor bigint NOT NULL,
  payment_id text COLLATE "C",
  session_id text COLLATE "C",
  created_at timestamptz NOT NULL,
  available_on timestamptz NOT NULL,
  is_available boolean NOT NULL,
  -- Of a refund: the corrected CDR whose lower total it gives back.
  corrected_cdr_id text,
  PRIMARY KEY (cpo_id, balance_transaction_id),
  CONSTRAINT balance_transactions_id UNIQUE (balance_transaction_id)
);
CREATE INDEX balance_transactions_pending ON balance_transactions (available_on)
  WHERE NOT is_available;
CREATE INDEX balance_transactions_payment ON balance_transactions (cpo_id, payment_id);

CREATE TABLE payouts (
  cpo_id text NOT NULL,
  payout_id text COLLATE "C" NOT NULL,
  created boolean NOT NULL DEFAULT false,
  paid boolean NOT NULL DEFAULT false,
  failed boolean NOT NULL DEFAULT false,
  PRIMARY KEY (cpo_id, payout_id)
);

-- Up to where the processor's lists have been read.
CREATE TABLE settlement_marks (
  cpo_id text NOT NULL,
  list text NOT NULL,
  read_until timestamptz NOT NULL,
  PRIMARY KEY (cpo_id, list)
);
