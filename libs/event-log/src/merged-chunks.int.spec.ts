import { eventually, testRuntime } from '@tallywatt/testing';
import type { Pool } from 'pg';
import type { EventLog } from './event-log-api';
import {
  createTopics,
  openLog,
  openPool,
  prepareDatabase,
  produce,
  readEffects,
  recordNumbered,
  released,
  sessionsTopic,
  writeEffects,
} from './testing/log-stage';

let pool: Pool;
let brokers: string;
let log: EventLog | undefined;

beforeAll(async () => {
  const runtime = await testRuntime();
  brokers = runtime.kafkaBrokers;
  await createTopics(brokers);
  pool = openPool(await runtime.createDatabase());
  pool.on('error', () => undefined);
  await prepareDatabase(pool);
}, 240_000);
afterEach(async () => {
  await log?.stop();
  log = undefined;
}, 60_000);
afterAll(async () => {
  await pool?.end();
}, 60_000);

const sessions = Array.from({ length: 24 }, (_, index) => `s-${index}`);
const each = (detail: string): Record<string, string[]> =>
  Object.fromEntries([...sessions].sort().map((session) => [session, [detail]]));

/** In how many partitions the effects of a consumer have their cause, and how many commits they took. */
const spreadOf = async (consumer: string): Promise<{ commits: number; partitions: number }> => {
  const { rows } = await pool.query<{ commits: number; partitions: number }>(
    `SELECT count(DISTINCT xmin::text)::int AS commits,
       (SELECT count(*)::int FROM event_log.offsets WHERE consumer = $1 AND next_offset > 0)
         AS partitions
     FROM effects WHERE consumer = $1`,
    [consumer],
  );
  return rows[0] ?? { commits: 0, partitions: 0 };
};

describe('few records of many partitions', () => {
  it('are taken in fewer transactions than there are partitions', async () => {
    const records = sessions.map((session) =>
      recordNumbered(released('together', session, 'once'), 1),
    );
    // A new partition may not have its leader yet; what was sent twice is dropped by its number.
    await eventually(() => produce(brokers, records), { timeoutMs: 60_000 });
    log = openLog(pool, brokers);
    const handle = writeEffects('together');
    log.consume({ name: 'together', topics: [sessionsTopic], handle });
    await eventually(
      async () => expect(await readEffects(pool, 'together', 'together')).toEqual(each('once')),
      { timeoutMs: 60_000 },
    );
    const { commits, partitions } = await spreadOf('together');
    expect(partitions).toBeGreaterThan(1);
    expect(commits).toBeLessThan(partitions);
  });

  it('are taken each for itself when one of them is refused, and only that one is parked', async () => {
    await produce(
      brokers,
      sessions.map((session) => recordNumbered(released('apart', session, 'once'), 1)),
    );
    log = openLog(pool, brokers);
    const write = writeEffects('apart');
    log.consume({
      name: 'apart',
      topics: [sessionsTopic],
      handle: async (events, tx) => {
        await write(events, tx);
        if (events.some(({ metadata }) => metadata.subject === 'apart/s-7')) {
          throw new Error('this session is not understood');
        }
      },
    });
    const { 's-7': _, ...others } = each('once');
    await eventually(
      async () => expect(await readEffects(pool, 'apart', 'apart')).toEqual(others),
      { timeoutMs: 60_000 },
    );
    await eventually(async () => {
      const parked = (await log?.listParked())?.filter(({ consumer }) => consumer === 'apart');
      expect(parked?.map(({ key, kind }) => [key, kind])).toEqual([['apart/s-7', 'poison']]);
    });
  });
});
