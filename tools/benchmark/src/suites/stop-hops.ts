import type { Pool } from 'pg';
import type { Stage } from './stop-stage';

/** When a session reached each place on its way, in ms since the epoch, by PostgreSQL and services. */
type Times = Readonly<Record<string, number>>;

// Published is what the relay has marked: that is after the broker's answer, so a consumer that is
// quick has the record before.
const gatewayTimes = `
  SELECT s.session_id::text AS session, extract(epoch FROM o.recorded_at) * 1000 AS received,
    extract(epoch FROM pg_xact_commit_timestamp(s.xmin)) * 1000 AS recorded,
    extract(epoch FROM o.published_at) * 1000 AS published
  FROM sessions s JOIN event_log.outbox o
    ON o.topic = 'charging.sessions.v1' AND o.stream_key = s.cpo_id || '/' || s.session_id
    AND o.sequence = s.event_count
  WHERE s.session_id = ANY($1::uuid[])`;

const pricingTimes = `
  SELECT r.session_id AS session, extract(epoch FROM o.recorded_at) * 1000 AS taken,
    extract(epoch FROM pg_xact_commit_timestamp(r.xmin)) * 1000 AS priced,
    extract(epoch FROM o.published_at) * 1000 AS published
  FROM rated_sessions r JOIN event_log.outbox o
    ON o.topic = 'pricing.cdrs.v1' AND o.stream_key = r.cpo_id || '/' || r.session_id
  WHERE r.session_id = ANY($1)`;

const ledgerTimes = `
  SELECT e.session_id AS session, extract(epoch FROM e.booked_at) * 1000 AS taken,
    extract(epoch FROM pg_xact_commit_timestamp(e.xmin)) * 1000 AS booked,
    extract(epoch FROM o.published_at) * 1000 AS published
  FROM journal_entries e JOIN event_log.outbox o USING (event_id)
  WHERE e.posting_rule = 'cdr.issued' AND e.session_id = ANY($1)`;

const timesOf = async (
  pool: Pool,
  sql: string,
  sessions: readonly string[],
): Promise<ReadonlyMap<string, Times>> => {
  const { rows } = await pool.query<Record<string, string>>(sql, [sessions]);
  return new Map(
    rows.map(({ session = '', ...times }) => [
      session,
      Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Number(ms)])),
    ]),
  );
};

/**
 * How long sessions were on each part of their way, told by what the services themselves have
 * written down. The parts of one session add up to its whole latency.
 */
export const hopsOf = async (
  { gateway, pricing, ledger }: Stage,
  sessions: readonly string[],
  sentMs: readonly number[],
): Promise<Readonly<Record<string, readonly number[]>>> => {
  const [atGateway, atPricing, atLedger] = await Promise.all([
    timesOf(gateway, gatewayTimes, sessions),
    timesOf(pricing, pricingTimes, sessions),
    timesOf(ledger, ledgerTimes, sessions),
  ]);
  const hops: Record<string, number[]> = {};
  const add = (name: string, from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined) (hops[name] ??= []).push(to - from);
  };
  sessions.forEach((session, index) => {
    const [stop, cdr, entry] = [atGateway, atPricing, atLedger].map((times) => times.get(session));
    add('sent to received', sentMs[index], stop?.['received']);
    add('received to recorded', stop?.['received'], stop?.['recorded']);
    add('recorded to published', stop?.['recorded'], stop?.['published']);
    add('published to taken by pricing', stop?.['published'], cdr?.['taken']);
    add('taken to priced', cdr?.['taken'], cdr?.['priced']);
    add('priced to published', cdr?.['priced'], cdr?.['published']);
    add('published to taken by the ledger', cdr?.['published'], entry?.['taken']);
    add('taken to booked', entry?.['taken'], entry?.['booked']);
    add('booked to published', entry?.['booked'], entry?.['published']);
  });
  return hops;
};
