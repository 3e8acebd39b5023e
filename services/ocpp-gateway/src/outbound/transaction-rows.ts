import { queryPrepared, type SqlClient } from '@tallywatt/event-log';
import type { Station } from '../domain/session-message';
import type { IdTagInfo } from '../domain/session-record';
import type { HeardEvent } from '../domain/transaction-event';
import type { TransactionGap } from '../domain/transaction-gaps';
import type { Generation } from '../domain/transaction-turns';
import { decodeState, encodeState } from './state-codec';

/** A transaction by its station's name for it. */
export type TransactionName = Station & Readonly<{ transactionId: string }>;

/** A transaction as it is kept. */
export type StoredTransaction = TransactionName &
  Generation &
  Readonly<{
    ocppVersion: string;
    connectorId?: number;
    sessionId?: string;
    nextSeqNo?: number;
    endDoubt?: string;
    gaps?: readonly TransactionGap[];
  }>;

type Row = {
  cpo_id: string;
  charge_point_id: string;
  transaction_id: string;
  generation: number;
  ocpp_version: string;
  started_at: string | null;
  connector_id: number | null;
  session_id: string | null;
  next_seq_no: string | null;
  is_ended: boolean;
  end_doubt: string | null;
  gaps: readonly TransactionGap[] | null;
};

const fromRow = (row: Row): StoredTransaction => ({
  cpoId: row.cpo_id,
  chargePointId: row.charge_point_id,
  transactionId: row.transaction_id,
  generation: row.generation,
  ocppVersion: row.ocpp_version,
  isEnded: row.is_ended,
  ...(row.started_at === null ? {} : { startedAt: row.started_at }),
  ...(row.connector_id === null ? {} : { connectorId: row.connector_id }),
  ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  ...(row.next_seq_no === null ? {} : { nextSeqNo: Number(row.next_seq_no) }),
  ...(row.end_doubt === null ? {} : { endDoubt: row.end_doubt }),
  ...(row.gaps === null ? {} : { gaps: row.gaps }),
});

const named = 'cpo_id = $1 AND charge_point_id = $2 AND transaction_id = $3';

const nameValues = ({ cpoId, chargePointId, transactionId }: TransactionName): unknown[] => [
  cpoId,
  chargePointId,
  transactionId,
];

/** All that a station has had under a name, the latest first. Locked when asked for. */
export const generationsOf = async (
  sql: SqlClient,
  name: TransactionName,
  isLocked: boolean,
): Promise<StoredTransaction[]> => {
  const text = `SELECT * FROM station_transactions WHERE ${named} ORDER BY generation DESC`;
  const { rows } = isLocked
    ? await queryPrepared<Row>(
        sql,
        'gateway.lock_generations',
        `${text} FOR UPDATE`,
        nameValues(name),
      )
    : await queryPrepared<Row>(sql, 'gateway.generations', text, nameValues(name));
  return rows.map(fromRow);
};

/**
 * Transactions that wait for something which has not come in time. Nobody else finds them for the
 * next 30 seconds, so that one process goes on with each; one that dies meanwhile is followed then.
 */
export const claimDue = async (sql: SqlClient, limit: number): Promise<StoredTransaction[]> => {
  const { rows } = await sql.query<Row>(
    `WITH due AS (
       SELECT cpo_id, charge_point_id, transaction_id, generation FROM station_transactions
       WHERE attention_at <= now() ORDER BY attention_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE station_transactions t SET attention_at = now() + interval '30 seconds' FROM due
     WHERE (t.cpo_id, t.charge_point_id, t.transaction_id, t.generation)
       = (due.cpo_id, due.charge_point_id, due.transaction_id, due.generation)
     RETURNING t.*`,
    [limit],
  );
  return rows.map(fromRow);
};

/** How many transactions wait for something that is missing; an index holds just these. */
export const countIncomplete = async (sql: SqlClient): Promise<number> => {
  const { rows } = await sql.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM station_transactions WHERE attention_at IS NOT NULL',
  );
  return rows[0]?.count ?? 0;
};

/** A word heard before, and what was answered. */
export type HeardBefore = Readonly<{ generation: number; answer?: IdTagInfo; isHeld: boolean }>;

export const findHeard = async (
  sql: SqlClient,
  name: TransactionName,
  contentHash: string,
): Promise<HeardBefore | undefined> => {
  const { rows } = await queryPrepared<{
    generation: number;
    answer: IdTagInfo | null;
    is_held: boolean;
  }>(
    sql,
    'gateway.find_heard',
    `SELECT generation, answer, held_event IS NOT NULL AS is_held FROM transaction_events
     WHERE ${named} AND content_hash = $4 ORDER BY generation DESC LIMIT 1`,
    [...nameValues(name), contentHash],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { generation, answer, is_held: isHeld } = row;
  return { generation, isHeld, ...(answer === null ? {} : { answer }) };
};

/** What was answered about a token in a transaction, if it was asked about there before. */
export const findAnswer = async (
  sql: SqlClient,
  name: TransactionName,
  generation: number,
  tokenMark: string,
): Promise<IdTagInfo | undefined> => {
  const { rows } = await queryPrepared<{ answer: IdTagInfo }>(
    sql,
    'gateway.find_answer',
    `SELECT answer FROM transaction_events
     WHERE ${named} AND generation = $4 AND token_mark = $5 AND answer IS NOT NULL LIMIT 1`,
    [...nameValues(name), generation, tokenMark],
  );
  return rows[0]?.answer;
};

/** Writes an event down, or what is known of it by now: it is held until its turn has come. */
export const keepEvent = async (
  tx: SqlClient,
  { generation, ...name }: TransactionName & Pick<Generation, 'generation'>,
  event: HeardEvent,
  answer: IdTagInfo | undefined,
): Promise<void> => {
  await queryPrepared(
    tx,
    'gateway.keep_event',
    `INSERT INTO transaction_events AS e (cpo_id, charge_point_id, transaction_id, generation,
       content_hash, token_mark, answer, held_event)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (cpo_id, charge_point_id, transaction_id, generation, content_hash) DO UPDATE
       SET answer = $7, held_event = CASE WHEN e.held_event IS NULL THEN NULL ELSE $8 END`,
    [
      ...nameValues(name),
      generation,
      event.contentHash,
      event.tokenMark ?? null,
      answer === undefined ? null : JSON.stringify(answer),
      encodeState(event),
    ],
  );
};

export const heldEvents = async (
  sql: SqlClient,
  { generation, ...name }: TransactionName & Pick<Generation, 'generation'>,
): Promise<HeardEvent[]> => {
  const { rows } = await queryPrepared<{ held_event: string }>(
    sql,
    'gateway.held_events',
    `SELECT held_event FROM transaction_events
     WHERE ${named} AND generation = $4 AND held_event IS NOT NULL`,
    [...nameValues(name), generation],
  );
  return rows.map((row) => decodeState<HeardEvent>(row.held_event));
};

/** Their turn has come: what they said is in the log now. */
export const letGo = async (
  tx: SqlClient,
  { generation, ...name }: TransactionName & Pick<Generation, 'generation'>,
  events: readonly HeardEvent[],
): Promise<void> => {
  if (events.length === 0) return;
  await queryPrepared(
    tx,
    'gateway.let_go',
    `UPDATE transaction_events SET held_event = NULL
     WHERE ${named} AND generation = $4 AND content_hash = ANY($5::text[])`,
    [...nameValues(name), generation, events.map(({ contentHash }) => contentHash)],
  );
};

/** How long what is missing is waited for. */
export type Patience = 'none' | 'some' | 'over';

/** Long enough for a station to come back and say what it kept, and no driver waits for it. */
const patienceSeconds = 600;

const onKnown = `ON CONFLICT (cpo_id, charge_point_id, transaction_id, generation) DO UPDATE
  SET started_at = $5, connector_id = $6, session_id = $7, next_seq_no = $8, is_ended = $9,
    end_doubt = $13, gaps = $14, attention_at = CASE $10 WHEN 'over' THEN now()
      WHEN 'some' THEN coalesce(t.attention_at, EXCLUDED.attention_at) END`;

/**
 * `over` is for what nothing but a clock has to bring on; `none` is for nothing to wait for. A new
 * transaction that somebody else has written down meanwhile is a conflict: the event is heard again.
 */
export const saveTransaction = async (
  tx: SqlClient,
  transaction: StoredTransaction,
  patience: Patience,
  isNew: boolean,
): Promise<void> => {
  const { startedAt, connectorId, sessionId, nextSeqNo, isEnded, endDoubt, gaps } = transaction;
  await queryPrepared(
    tx,
    isNew ? 'gateway.add_transaction' : 'gateway.save_transaction',
    `INSERT INTO station_transactions AS t (cpo_id, charge_point_id, transaction_id, generation,
       started_at, connector_id, session_id, next_seq_no, is_ended, attention_at,
       ocpp_version, end_doubt, gaps)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE $10 WHEN 'over' THEN now()
       WHEN 'some' THEN now() + make_interval(secs => $11) END, $12, $13, $14)
     ${isNew ? '' : onKnown}`,
    [
      ...nameValues(transaction),
      transaction.generation,
      startedAt ?? null,
      connectorId ?? null,
      sessionId ?? null,
      nextSeqNo ?? null,
      isEnded,
      patience,
      patienceSeconds,
      transaction.ocppVersion,
      endDoubt ?? null,
      gaps === undefined || gaps.length === 0 ? null : JSON.stringify(gaps),
    ],
  );
};
