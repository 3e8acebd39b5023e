import { join } from 'node:path';
import { eventLogMigrations } from '@tallywatt/event-log';
import { migrate, readMigrations } from '@tallywatt/service-kit';
import { eventually, testRuntime } from '@tallywatt/testing';
import { Pool, type PoolClient } from 'pg';
import { idOf, sessionOf } from '../testing/pricing-stage';
import { drawWaits, lockDrawingSessions, storeDrawingSessions } from './drawing-session-table';

const session = sessionOf('both-at-once', { tariffId: 'ac', version: 1n, contentHash: 'a' });
const key = { cpoId: 'default', sessionId: idOf(session) };
const name = `default/${key.sessionId}`;
const draw = { energyRevision: 1, sessionDrawnMilliWh: 9_007_199_254_740_993n };

let pool: Pool;
const running = new Set<PoolClient>();
const begin = async (): Promise<PoolClient> => {
  const client = await pool.connect();
  running.add(client);
  await client.query('BEGIN');
  return client;
};
const commit = async (client: PoolClient): Promise<void> => {
  await client.query('COMMIT');
  running.delete(client);
  client.release();
};

beforeAll(async () => {
  const databaseUrl = await (await testRuntime()).createDatabase();
  await migrate(
    databaseUrl,
    [{ name: '0001_event-log', sql: eventLogMigrations }],
    readMigrations(join(__dirname, '..', '..', 'migrations')),
  );
  pool = new Pool({ connectionString: databaseUrl, max: 4 });
  // As a session leaves it that has started.
  const started = await begin();
  await lockDrawingSessions(started, [key]);
  await commit(started);
});
afterAll(async () => {
  // What a failure has left open.
  for (const client of running) client.release(true);
  await pool?.end();
});

it('lets the draw see the fact that waits, also when both come at once', async () => {
  const facts = await begin();
  const known = await lockDrawingSessions(facts, [key]);
  expect(known.get(name)).toEqual({ draws: [], waiting: [] });

  const draws = await begin();
  const locked = lockDrawingSessions(draws, [key]);
  await eventually(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(rowCount).toBeGreaterThan(0);
  });
  const [event] = session;
  if (event === undefined) throw new Error('the session has no start');
  const metadata = { sequence: 1n } as never;
  const waiting = [{ event, metadata }];
  await storeDrawingSessions(facts, [{ key, drawing: { draws: [], waiting }, waitsAnew: true }]);
  await commit(facts);

  expect((await locked).get(name)).toEqual({ draws: [], waiting });
  expect(await drawWaits(draws)).toMatchObject({ sessions: 1 });
  const drawing = { draws: [draw], waiting: [] };
  await storeDrawingSessions(draws, [{ key, drawing, waitsAnew: true }]);
  expect(await drawWaits(draws)).toEqual({ sessions: 0, oldestSeconds: 0 });
  await commit(draws);

  const after = await begin();
  const kept = await lockDrawingSessions(after, [key]);
  expect(kept.get(name)).toEqual({ draws: [draw], waiting: [] });
  await commit(after);
});
