import type { RecordedEvent } from '@tallywatt/contracts';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { eventually, startTestServers } from '@tallywatt/testing';
import type { Pool } from 'pg';
import type { EventLog } from './event-log-api';
import { currentLogFacts } from './log-facts';
import type { OutgoingEvent } from './outbox';
import type { SqlClient } from './sql-client';
import {
  createTopics,
  openLog,
  openPool,
  orphaned,
  prepareDatabase,
  released,
  sessionsTopic,
} from './testing/log-stage';
import { recordSpans } from './testing/span-recorder';
import { traceIdOf } from './tracing';

const traceA = 'a'.repeat(32);
const traceB = 'b'.repeat(32);
const ofA = `00-${traceA}-00000000000000a1-01`;
const ofB = `00-${traceB}-00000000000000b1-01`;

let servers: LocalRuntime;
let pool: Pool;
let databases = 0;
let log: EventLog | undefined;

beforeAll(async () => {
  servers = await startTestServers();
  await createTopics(servers.kafkaBrokers);
});

beforeEach(async () => {
  databases += 1;
  pool = openPool(await servers.createDatabase(`tracing_${databases}`));
  await prepareDatabase(pool);
  log = openLog(pool, servers.kafkaBrokers);
});

afterEach(async () => {
  await log?.stop();
  await pool?.end();
});

afterAll(() => servers?.stop());

const opened = (): EventLog => {
  if (log === undefined) throw new Error('no log is open');
  return log;
};

const traced = (outgoing: OutgoingEvent, traceparent?: string): OutgoingEvent =>
  traceparent === undefined ? outgoing : { ...outgoing, traceparent };

/** What a consumer appends because of each event: all at once, as set-based handlers do. */
const effectsOf = (events: readonly RecordedEvent[]): OutgoingEvent[] =>
  events.map(({ event, metadata }) => ({
    ...orphaned(event.cpoId, 'CP-1', metadata.id),
    cause: metadata,
  }));

const tracesOfEffects = async (): Promise<Record<string, string | null>> => {
  const { rows } = await pool.query<{ cause: string; traceparent: string | null }>(
    `SELECT headers->>'ce_causationid' AS cause, headers->>'traceparent' AS traceparent
     FROM event_log.outbox WHERE topic = 'charging.orphans.v1' ORDER BY id`,
  );
  return Object.fromEntries(rows.map(({ cause, traceparent }) => [cause, traceparent]));
};

/** Appends in one transaction, takes in one batch and gives what came of it, by its cause. */
const runThrough = async (
  cpoId: string,
  outgoing: readonly OutgoingEvent[],
  handle: (events: readonly RecordedEvent[], tx: SqlClient) => Promise<void>,
  maxBatch = 500,
): Promise<Readonly<{ ids: readonly string[]; effects: Record<string, string | null> }>> => {
  const appended = await opened().transaction((tx) => opened().append(tx, outgoing));
  opened().startRelay();
  const ids = appended.map(({ id }) => id);
  await eventually(async () =>
    expect(opened().health().relay?.published).toBeGreaterThanOrEqual(ids.length),
  );
  opened().consume({
    name: `tracing-${cpoId}`,
    topics: [sessionsTopic],
    maxBatch,
    handle: (events, tx) =>
      handle(
        events.filter(({ event }) => event.cpoId === cpoId),
        tx,
      ),
  });
  await eventually(async () => {
    expect(Object.keys(await tracesOfEffects()).sort()).toEqual([...ids].sort());
  });
  return { ids, effects: await tracesOfEffects() };
};

const record = async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
  await opened().append(tx, effectsOf(events));
};

describe('with an SDK', () => {
  it('every effect of a batch goes on in the trace of its own cause', async () => {
    const recorder = recordSpans();
    try {
      const { ids, effects } = await runThrough(
        'spans',
        [
          traced(released('spans', 's-1', 'one'), ofA),
          traced(released('spans', 's-1', 'two'), ofB),
          traced(released('spans', 's-1', 'three')),
        ],
        record,
      );
      const [first = '', second = '', third = ''] = ids;
      // A span ends after the commit that lets everybody see its effect.
      const taken = await eventually(() => {
        const found = recorder.named('tracing-spans SessionReleased');
        expect(found).toHaveLength(3);
        return found;
      });
      const spanOf = (id: string) =>
        taken.find(({ attributes }) => attributes['messaging.message.id'] === id);
      expect(spanOf(first)).toMatchObject({ traceId: traceA, parentSpanId: '00000000000000a1' });
      expect(spanOf(second)).toMatchObject({ traceId: traceB, parentSpanId: '00000000000000b1' });
      for (const id of [first, second, third]) {
        const span = spanOf(id);
        expect(effects[id]).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
        expect(span?.attributes).toMatchObject({
          'messaging.destination.name': sessionsTopic,
          'tallywatt.session_id': 's-1',
          'tallywatt.cpo_id': 'spans',
        });
      }
      await eventually(() => {
        const published = recorder.named(`publish ${sessionsTopic}`).map(({ traceId }) => traceId);
        expect(published).toEqual([traceA, traceB]);
      });
    } finally {
      await recorder.end();
    }
  });
});

describe('without an SDK', () => {
  it('traces of others pass through, and log lines know the session', async () => {
    const facts: unknown[] = [];
    const { ids, effects } = await runThrough(
      'passing',
      [traced(released('passing', 's-2', 'one'), ofA), traced(released('passing', 's-2', 'two'))],
      async (events, tx) => {
        if (events.length > 0) facts.push(currentLogFacts());
        await record(events, tx);
      },
      1, // log lines know a session where the events at hand are of one
    );
    expect(ids.map((id) => traceIdOf(effects[id] ?? undefined))).toEqual([traceA, undefined]);
    expect(facts).toContainEqual({ cpoId: 'passing', sessionId: 's-2' });
  });
});
