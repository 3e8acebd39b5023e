import { until } from '@tallywatt/demonstration';
import type { Measurement } from '../contest';
import { cpuMsOf } from '../process-cpu';
import { atSteadyRate } from '../schedule';
import { chargerId, type Fleet } from '../workload/chargers';
import { hopsOf } from './stop-hops';
import { chargers, patienceMs, untilQuiet, type Stage } from './stop-stage';

const now = (): number => performance.timeOrigin + performance.now();

/** A session of which the stop is still to be sent. */
type Running = Readonly<{ charger: number; transactionId: number; meterStart: number }>;

let register = 1_000_000;

/** Begins sessions, on every charger one after the other; none of it is measured. */
const startSessions = async ({ fleet }: Stage, count: number): Promise<Running[]> => {
  const running: Running[] = [];
  const startedAt = new Date(Date.now() - 3_600_000).toISOString();
  const ofCharger = async (charger: number): Promise<void> => {
    for (let index = charger; index < count; index += chargers) {
      const meterStart = (register += 10);
      const answer = await fleet.call(charger, 'StartTransaction', {
        connectorId: Math.floor(index / chargers) + 1,
        idTag: chargerId(charger),
        meterStart,
        timestamp: startedAt,
      });
      const { status } = answer['idTagInfo'] as { status: string };
      if (status !== 'Accepted') throw new Error(`a start was answered with ${status}`);
      running[index] = { charger, transactionId: Number(answer['transactionId']), meterStart };
    }
  };
  await Promise.all(Array.from({ length: chargers }, (_, charger) => ofCharger(charger)));
  return running;
};

type Sent = Readonly<{ sentMs: number[]; confirmedMs: number[] }>;

/** Sends stops on schedule; the clock of each runs from the moment it was due to be sent. */
const sendStops = async (
  fleet: Fleet,
  running: readonly Running[],
  perSecond: number,
): Promise<Sent> => {
  const sentMs: number[] = [];
  const confirmedMs: number[] = [];
  await atSteadyRate(perSecond, running.length, async (index) => {
    const session = running[index];
    if (session === undefined) return;
    const sent = now();
    sentMs[index] = sent;
    await fleet.call(session.charger, 'StopTransaction', {
      transactionId: session.transactionId,
      idTag: chargerId(session.charger),
      meterStop: session.meterStart + 10_000,
      timestamp: new Date().toISOString(),
      reason: 'Local',
    });
    confirmedMs[index] = now() - sent;
  });
  return { sentMs, confirmedMs };
};

const sessionIds = async ({ gateway }: Stage, running: readonly Running[]): Promise<string[]> => {
  const { rows } = await gateway.query<{ transaction_id: number; session_id: string }>(
    'SELECT transaction_id, session_id FROM sessions WHERE transaction_id = ANY($1::int[])',
    [running.map(({ transactionId }) => transactionId)],
  );
  const byTransaction = new Map(rows.map((row) => [row.transaction_id, row.session_id]));
  return running.map(({ transactionId }) => byTransaction.get(transactionId) ?? '');
};

type Booked = Readonly<{ session_id: string; booked_ms: number }>;

const bookedEntries = async ({ ledger }: Stage, sessions: readonly string[]): Promise<Booked[]> => {
  const { rows } = await ledger.query<Booked>(
    `SELECT session_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS booked_ms
     FROM journal_entries WHERE posting_rule = 'cdr.issued' AND session_id = ANY($1::text[])`,
    [sessions],
  );
  return rows;
};

const booksFaults = async ({ ledger, databases }: Stage): Promise<string[]> => {
  const { rows } = await ledger.query<{ sum: string | null }>(
    `SELECT sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) AS sum
     FROM journal_lines`,
  );
  const faults = Number(rows[0]?.sum) === 0 ? [] : [`the journal sums to ${rows[0]?.sum}`];
  for (const pool of databases) {
    const { rows: parked } = await pool.query<{ consumer: string; reason: string }>(
      'SELECT consumer, reason FROM event_log.parked LIMIT 3',
    );
    faults.push(...parked.map(({ consumer, reason }) => `${consumer} has parked: ${reason}`));
  }
  return faults;
};

/** Begins sessions, stops them on schedule, and follows each to its journal entry. */
export const runOurs = async (
  stage: Stage,
  perSecond: number,
  count: number,
): Promise<Measurement> => {
  await untilQuiet(stage);
  const running = await startSessions(stage, count);
  const sessions = await sessionIds(stage, running);
  await untilQuiet(stage);
  stage.watch.arrivals(); // what came before is forgotten
  const cpuBefore = cpuBy(stage);
  const { sentMs, confirmedMs } = await sendStops(stage.fleet, running, perSecond);
  const isBooked = async (): Promise<true | undefined> =>
    (await bookedEntries(stage, sessions)).length >= count ? true : undefined;
  await until('all sessions are booked', isBooked, patienceMs);
  await untilQuiet(stage);
  const entries = await bookedEntries(stage, sessions);
  const booked = new Map(entries.map((entry) => [entry.session_id, entry.booked_ms]));
  const published = stage.watch.arrivals();
  const faults = await booksFaults(stage);
  if (entries.length !== count || booked.size !== count) {
    faults.push(`${count} stops, ${entries.length} entries of ${booked.size} sessions`);
  }
  const since = (times: ReadonlyMap<string, number>): number[] =>
    sessions.flatMap((session, index) => {
      const at = times.get(session);
      return at === undefined ? [] : [at - (sentMs[index] ?? at)];
    });
  const latenciesMs = {
    confirmed: confirmedMs,
    booked: since(booked),
    'on ledger.journal.v1': since(published),
    ...(await hopsOf(stage, sessions, sentMs)),
  };
  if (since(published).length !== count) faults.push(`${published.size} entries on the topic`);
  return { latenciesMs, cpuMs: cpuOfEach(cpuBefore, cpuBy(stage), count), faults };
};

/** CPU time used so far, by what runs on the way of a session. */
const cpuBy = ({ system }: Stage): ReadonlyMap<string, number> =>
  new Map([
    ...Object.entries(system.services).map(([name, { pid }]) => [name, cpuMsOf(pid)] as const),
    ['PostgreSQL', cpuMsOf(system.runtime.postgres.pid)],
    ['Kafka', cpuMsOf(system.runtime.kafka.pid)],
    ['this client', process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000],
  ]);

/** Until all is booked and every service has caught up, for each session. */
const cpuOfEach = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  count: number,
): Record<string, number> =>
  Object.fromEntries(
    [...after].map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / count]),
  );

let transactionIds = 0;

/** The same stops through the bare pipeline. */
export const runBare = async (
  stage: Stage,
  perSecond: number,
  count: number,
): Promise<Measurement> => {
  await untilQuiet(stage);
  const { bare, bareFleet } = stage;
  const running = Array.from({ length: count }, (_, index) => ({
    charger: index % chargers,
    transactionId: (transactionIds += 1),
    meterStart: 1_000,
  }));
  await bare.committed();
  const { sentMs, confirmedMs } = await sendStops(bareFleet, running, perSecond);
  const first = running[0]?.transactionId ?? 0;
  type Row = Readonly<{ id: string; booked_ms: number; sum: string }>;
  const rowsOf = async (): Promise<Row[]> =>
    (
      await bare.pool.query<Row>(
        `SELECT j.id, extract(epoch FROM pg_xact_commit_timestamp(j.xmin))::float8 * 1000 AS booked_ms,
           (SELECT sum(amount) FROM postings p WHERE p.id >= $1) AS sum
         FROM journal j WHERE j.id >= $1 ORDER BY j.id`,
        [first],
      )
    ).rows;
  const isBooked = async (): Promise<true | undefined> =>
    (await rowsOf()).length >= count ? true : undefined;
  await until('the bare pipeline has booked all', isBooked, patienceMs);
  const rows = await rowsOf();
  const committed = await bare.committed();
  const faults: string[] = [];
  if (rows.length !== count || committed.size !== count || Number(rows[0]?.sum) !== 0) {
    faults.push(`${count} stops, ${rows.length} rows, sum ${rows[0]?.sum}`);
  }
  return {
    latenciesMs: {
      confirmed: confirmedMs,
      booked: rows.map((row, index) => row.booked_ms - (sentMs[index] ?? 0)),
      'booked, by the writer’s clock': running.map(
        ({ transactionId }, index) =>
          (committed.get(transactionId) ?? Infinity) - (sentMs[index] ?? 0),
      ),
    },
    faults,
  };
};
