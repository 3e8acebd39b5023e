import {
  chargePointPassword,
  freePorts,
  OperatorApi,
  publishTariffs,
  serviceNames,
  startSystem,
  tariffs,
  until,
  type System,
} from '@tallywatt/demonstration';
import { logEnds } from '@tallywatt/event-log';
import { topics } from '@tallywatt/contracts';
import { Pool } from 'pg';
import { watchJournal, type JournalWatch } from '../bare/journal-watch';
import { startBarePipeline, type BarePipeline } from '../bare/pipeline';
import type { Benchmark, Measurement } from '../contest';
import { atSteadyRate } from '../schedule';
import { chargerId, connectFleet, type Fleet } from '../workload/chargers';

const chargers = 100;
const connectors = 25;
const patienceMs = 120_000;

const now = (): number => performance.timeOrigin + performance.now();

type Stage = Readonly<{
  system: System;
  fleet: Fleet;
  ledger: Pool;
  gateway: Pool;
  databases: readonly Pool[];
  watch: JournalWatch;
  bare: BarePipeline;
  bareFleet: Fleet;
}>;

/** A session of which the stop is still to be sent. */
type Running = Readonly<{ charger: number; transactionId: number; meterStart: number }>;

const registerFleet = async (system: System): Promise<void> => {
  const api = new OperatorApi(system.addresses, system.operatorToken);
  await publishTariffs(api);
  for (let charger = 0; charger < chargers; charger += 1) {
    await api.post('ocppGateway', '/v1/charge-points', {
      id: chargerId(charger),
      locationId: 'benchmark',
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      taxRatePercent: 19,
      tariffId: tariffs.flat.id,
      connectors: Array.from({ length: connectors }, (_, index) => ({
        id: index + 1,
        powerKwMax: 22,
      })),
      securityProfile: 1,
      password: chargePointPassword,
    });
    // Without a card behind the token nothing is held and nothing captured: no call to a processor.
    await api.post('authorization', '/v1/tokens', {
      uid: chargerId(charger),
      type: 'RFID',
      status: 'valid',
    });
  }
};

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

const isQuiet = async ({ system, databases }: Stage): Promise<true | undefined> => {
  const names = topics.map(({ name }) => name);
  const ends = await logEnds({ brokers: system.addresses.kafka.split(','), topics: names });
  for (const pool of databases) {
    const { rows } = await pool.query<{ topic: string; partition: number; next_offset: string }>(
      'SELECT topic, partition, next_offset FROM event_log.offsets',
    );
    const isBehind = rows.some(({ topic, partition, next_offset }) =>
      ends
        .get(topic)
        ?.some((place) => place.partition === partition && place.end > BigInt(next_offset)),
    );
    if (isBehind) return undefined;
    const { rowCount } = await pool.query(
      'SELECT FROM event_log.outbox WHERE published_at IS NULL LIMIT 1',
    );
    if (rowCount !== 0) return undefined;
  }
  return true;
};

/** What an earlier run has caused in all services is done: twice, as one may cause the other. */
const untilQuiet = async (stage: Stage): Promise<void> => {
  for (let times = 0; times < 2; times += 1) {
    await until('all services have caught up', () => isQuiet(stage), patienceMs);
  }
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

const runOurs = async (stage: Stage, perSecond: number, count: number): Promise<Measurement> => {
  await untilQuiet(stage);
  const running = await startSessions(stage, count);
  const sessions = await sessionIds(stage, running);
  await untilQuiet(stage);
  stage.watch.arrivals(); // what came before is forgotten
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
  };
  if (since(published).length !== count) faults.push(`${published.size} entries on the topic`);
  return { latenciesMs, faults };
};

let transactionIds = 0;

const runBare = async (stage: Stage, perSecond: number, count: number): Promise<Measurement> => {
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

const openStage = async (
  report: (line: string) => void,
  onOpen: (close: () => Promise<unknown>) => void,
): Promise<Stage> => {
  const quiet = { LOG_LEVEL: 'warn' };
  const system = await startSystem({
    instance: `benchmark-${process.pid}`,
    ports: await freePorts(),
    ephemeral: true,
    durable: true,
    report,
    environment: Object.fromEntries(serviceNames.map((name) => [name, quiet])),
  });
  onOpen(() => system.stop());
  await registerFleet(system);
  const poolOf = (name: string): Pool => {
    const pool = new Pool({ connectionString: system.runtime.databaseUrl(name), max: 2 });
    pool.on('error', () => undefined);
    onOpen(() => pool.end());
    return pool;
  };
  const databases = serviceNames.map((name) => poolOf(name.replaceAll('-', '_')));
  const fleet = await connectFleet(system.addresses.ocpp, chargers, chargePointPassword);
  onOpen(() => fleet.close());
  const watch = await watchJournal(system.addresses.kafka);
  onOpen(() => watch.stop());
  const bareDatabase = await system.runtime.createDatabase('bare_pipeline');
  const bare = await startBarePipeline(system.addresses.kafka, bareDatabase);
  onOpen(() => bare.stop());
  const bareFleet = await connectFleet(bare.url, chargers, null);
  onOpen(() => bareFleet.close());
  const [ledger, gateway] = [poolOf('ledger'), poolOf('ocpp_gateway')];
  return { system, fleet, ledger, gateway, databases, watch, bare, bareFleet };
};

const atRate = (stage: Stage, perSecond: number, seconds: number): Benchmark => {
  const count = perSecond * seconds;
  return {
    id: `stop-to-journal-${perSecond}`,
    title: `StopTransaction to journal entry, ${perSecond} a second`,
    about:
      `${count} stops in ${seconds} s over ${chargers} connections, sessions begun before; from ` +
      'the write of the stop to its confirmation, to the commit of its journal entry (as ' +
      'PostgreSQL stamps it, before the flush), and to the arrival of the entry’s record at a ' +
      'consumer. The sessions have no card, so no processor is called; each is booked and opens ' +
      'a receivable',
    contenders: [
      {
        name: 'six services',
        role: 'ours',
        about: 'gateway, pricing-engine and ledger on the way, the other three beside it',
        run: () => runOurs(stage, perSecond, count),
      },
      {
        name: 'bare pipeline',
        role: 'limit',
        about:
          'ws, Kafka, one multiplication, Kafka, PostgreSQL commit in three processes; the six services are idle',
        run: () => runBare(stage, perSecond, count),
      },
    ],
  };
};

/** The whole system, as `npm start` runs it, and the bare pipeline on the same servers. */
export const openEndToEnd = async (
  quick: boolean,
  report: (line: string) => void,
): Promise<{
  postgresUrl: string;
  benchmarks: readonly Benchmark[];
  close: () => Promise<void>;
}> => {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const stage = await openStage(report, (step) => void closing.push(step));
    return {
      postgresUrl: stage.system.addresses.postgres,
      benchmarks: [50, 200, 500].map((rate) => atRate(stage, rate, quick ? 2 : rate > 200 ? 3 : 5)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
