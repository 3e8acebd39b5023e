import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LocalRuntime } from '@tallywatt/local-runtime';
import { eventually, startTestServers } from '@tallywatt/testing';
import type { Pool } from 'pg';
import { createTopics, openPool, prepareDatabase, readEffects } from './testing/log-stage';
import { crashPoints } from './crash-point';
import { compileFixture, fixtureOf } from './testing/fixture-program';

const program = fixtureOf('crash-fixture');
// A dozen processes share the machine here.
const patience = { timeoutMs: 120_000, intervalMs: 100 };
const details = ['1', '2', '3', '4', '5'];
const assigned = 'partitions assigned';

let servers: LocalRuntime;
const children = new Set<ChildProcess>();

type Place = Readonly<{ pool: Pool; databaseUrl: string; cpoId: string }>;

const preparePlace = async (name: string): Promise<Place> => {
  const cpoId = name.replaceAll(/[^a-z]/g, '_');
  const databaseUrl = await servers.createDatabase(cpoId);
  const pool = openPool(databaseUrl, 2);
  pool.on('error', () => undefined);
  await prepareDatabase(pool);
  return { pool, databaseUrl, cpoId };
};

type Child = Readonly<{
  process: ChildProcess;
  /** How often it has said so. */
  count(text: string): number;
  said(text: string, times?: number): Promise<unknown>;
}>;

const startChild = ({ databaseUrl, cpoId }: Place, variables: Record<string, string>): Child => {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', process.env['STAGE_LOG'] === undefined ? 'ignore' : 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: servers.kafkaBrokers,
      CPO_ID: cpoId,
      CONSUMER: `consumer-${cpoId}`,
      ...variables,
    },
  });
  children.add(child);
  let output = '';
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
  const count = (text: string): number => output.split(text).length - 1;
  return {
    process: child,
    count,
    said: (text, times = 1) =>
      eventually(() => {
        if (count(text) < times) throw new Error(`not said ${times} times: ${text}`);
      }, patience),
  };
};

const endChild = async ({ process: child }: Child): Promise<void> => {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

const signalThatEnded = async ({ process: child }: Child): Promise<string | null> => {
  if (child.exitCode !== null || child.signalCode !== null) return child.signalCode;
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal;
};

/** Nothing is missing, nothing was done twice, of whatever stream. */
const expectEachOnce = async ({ pool, cpoId }: Place): Promise<void> => {
  expect(await readEffects(pool, `consumer-${cpoId}`, cpoId)).toEqual({
    's-1': details,
    's-2': details,
  });
  const { rows } = await pool.query(
    `SELECT stream_key, sequence FROM effects GROUP BY 1, 2 HAVING count(*) > 1`,
  );
  expect(rows).toEqual([]);
};

beforeAll(async () => {
  compileFixture();
  servers = await startTestServers();
  await createTopics(servers.kafkaBrokers);
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await servers?.stop();
});

const crashAndGoOn = async (point: string): Promise<string | null> => {
  const place = await preparePlace(`crash_${point}`);
  const variables = { APPEND: String(details.length) };
  const killed = startChild(place, { ...variables, CRASH_AT: point });
  const signal = await signalThatEnded(killed);
  const restarted = startChild(place, variables);
  await eventually(() => expectEachOnce(place), patience);
  await restarted.said('appended');
  await endChild(restarted);
  await expectEachOnce(place);
  await place.pool.end();
  return signal;
};

describe('killed at a named step and started again, every effect happens once', () => {
  const outcomes = new Map<string, Promise<string | null>>();
  beforeAll(() => {
    // Mostly they wait for the group's session time-out: together, so that it is waited for once.
    for (const point of crashPoints) {
      const outcome = crashAndGoOn(point);
      outcome.catch(() => undefined); // told by its own test
      outcomes.set(point, outcome);
    }
  });
  it.each(crashPoints)('%s', async (point) => {
    expect(await outcomes.get(point)).toBe('SIGKILL');
  });
});

it('relays what a dead process has left in the outbox', async () => {
  const place = await preparePlace('leftovers');
  const writer = startChild(place, { APPEND: '5', RELAY: 'off', CONSUME: 'off' });
  await writer.said('appended');
  writer.process.kill('SIGKILL');
  await signalThatEnded(writer);
  const next = startChild(place, {});
  await eventually(() => expectEachOnce(place), patience);
  await endChild(next);
  await place.pool.end();
});

it('has one effect when an owner is frozen past its session time-out and comes back', async () => {
  const place = await preparePlace('frozen');
  const writer = startChild(place, { APPEND: '5', CONSUME: 'off' });
  await writer.said('appended');
  const frozen = startChild(place, { SLOW_MS: '700' });
  await frozen.said('handling'); // it is in the middle of its transaction now
  frozen.process.kill('SIGSTOP');
  const assignments = frozen.count(assigned);
  const successor = startChild(place, {});
  await eventually(() => expectEachOnce(place), patience);
  frozen.process.kill('SIGCONT');
  // It works on with what it had in hand, is refused, and joins again.
  await frozen.said(assigned, assignments + 1);
  await expectEachOnce(place);
  expect(frozen.process.exitCode).toBeNull();
  await Promise.all([frozen, successor, writer].map(endChild));
  await expectEachOnce(place);
  await place.pool.end();
});
