import { eventually } from '@tallywatt/testing';
import {
  readEffects,
  released,
  sessionsTopic,
  streamsOutOfOrder,
  writeEffects,
} from './testing/log-stage';
import type { AppendedEvent } from './outbox';
import type { SqlClient } from './sql-client';
import { type LogStage, startLogStage } from './testing/log-stage-servers';

let stage: LogStage;

beforeAll(async () => {
  stage = await startLogStage('relay', 30);
});
afterEach(() => stage?.stopOpened());
afterAll(() => stage?.end());

describe('twelve writers at once, many of them committing late', () => {
  it('lose nothing and keep the order of every stream', async () => {
    const log = stage.open();
    log.startRelay();
    log.consume({ name: 'twelve', topics: [sessionsTopic], handle: writeEffects('twelve') });
    const rounds = 60;
    const appended = new Map<string, string[]>();
    const writeAll = async (writer: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        // Three streams are everybody's, one is the writer's own.
        const session = round % 2 === 0 ? `s-${round % 3}` : `own-${writer}`;
        const details = [`${writer}-${round}-a`, `${writer}-${round}-b`];
        await log.transaction(async (tx) => {
          const written = await log.append(
            tx,
            details.map((detail) => released('twelve', session, detail)),
          );
          if ((writer + round) % 10 < 3) {
            await new Promise((resolve) => setTimeout(resolve, 15 + ((writer * 7) % 16)));
          }
          written.forEach(({ sequence }, n) => {
            const stream = appended.get(session) ?? [];
            appended.set(session, stream);
            stream[Number(sequence) - 1] = details[n] as string;
          });
        });
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, writer) => writeAll(writer)));
    const expected = Object.fromEntries([...appended].sort(([a], [b]) => (a < b ? -1 : 1)));
    await eventually(
      async () => expect(await readEffects(stage.pool, 'twelve', 'twelve')).toEqual(expected),
      { intervalMs: 200 },
    );
    expect(Object.values(expected).flat()).toHaveLength(12 * rounds * 2);
    // Consumers repair a wrong order; the relay shall not make one.
    expect(await streamsOutOfOrder(stage.pool)).toEqual([]);
    expect(await log.listParked()).toEqual([]);
  });

  it('leave nothing behind when a transaction is rolled back', async () => {
    const log = stage.open();
    await expect(
      log.transaction(async (tx) => {
        await log.append(tx, [released('rolled', 's-1', 'never')]);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    const [first] = await log.transaction((tx) =>
      log.append(tx, [released('rolled', 's-1', 'first')]),
    );
    expect(first).toMatchObject({ sequence: 1n, appended: true });
  });
});

describe('one relay per database', () => {
  it('waits while another publishes, and takes over when it ends', async () => {
    // A process that stands still for longer than its lease has lost it, and this is not about that.
    const timing = { relayLeaseMs: 20_000 };
    const first = stage.open({ timing });
    const second = stage.open({ timing });
    const firstRelay = first.startRelay();
    await eventually(() => expect(firstRelay.state().leading).toBe(true));
    const secondRelay = second.startRelay();
    // The writer is in the process that does not lead: it has to tell the other.
    const published = async (detail: string): Promise<number> => {
      const startedMs = performance.now();
      await second.transaction((tx) => second.append(tx, [released('lease', 's-1', detail)]));
      await eventually(
        async () => {
          const { rowCount } = await stage.pool.query(
            `SELECT FROM event_log.outbox
             WHERE value LIKE $1 AND stream_key = 'lease/s-1' AND log_offset IS NOT NULL`,
            [`%"${detail}"%`],
          );
          expect(rowCount).toBe(1);
        },
        { intervalMs: 5 },
      );
      return performance.now() - startedMs;
    };
    await published('one');
    await published('two');
    expect(secondRelay.state()).toMatchObject({ leading: false, published: 0 });
    await firstRelay.stop();
    await published('three');
    await eventually(() =>
      expect(secondRelay.state()).toMatchObject({ leading: true, published: 1 }),
    );
  });
});

describe('the outbox', () => {
  it('refuses to change, delete or truncate what was said', async () => {
    const log = stage.open();
    await log.transaction((tx) => log.append(tx, [released('kept', 's-1', 'said')]));
    for (const statement of [
      `UPDATE event_log.outbox SET value = '{}'`,
      'DELETE FROM event_log.outbox',
      'TRUNCATE event_log.outbox',
    ]) {
      await expect(stage.pool.query(statement)).rejects.toThrow('keeps what was said');
    }
  });

  it('gives a number to what is new alone, wherever it stands in a call', async () => {
    const log = stage.open();
    const append = (...said: readonly (readonly [session: string, detail: string])[]) =>
      log.transaction(async (tx) =>
        (
          await log.append(
            tx,
            said.map(([session, detail]) => released('again', session, detail)),
          )
        ).map(({ sequence, appended }) => `${sequence}${appended ? ' new' : ''}`),
      );
    expect(await append(['s-1', 'a'], ['s-2', 'a'])).toEqual(['1 new', '1 new']);
    const mixed = [
      ['s-1', 'b'],
      ['s-1', 'a'],
      ['s-2', 'a'],
      ['s-1', 'b'],
      ['s-1', 'c'],
      ['s-3', 'a'],
    ] as const;
    expect(await append(...mixed)).toEqual(['2 new', '1', '1', '2', '3 new', '1 new']);
    expect(await append(...mixed)).toEqual(['2', '1', '1', '2', '3', '1']);
    expect(await append(['s-2', 'b'], ['s-1', 'd'])).toEqual(['2 new', '4 new']);
    const { rows } = await stage.pool.query(
      `SELECT stream_key, array_agg(sequence || ' ' || (headers->>'ce_sequence') ORDER BY id) AS said
       FROM event_log.outbox WHERE stream_key LIKE 'again/%' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { stream_key: 'again/s-1', said: ['1 1', '2 2', '3 3', '4 4'] },
      { stream_key: 'again/s-2', said: ['1 1', '2 2'] },
      { stream_key: 'again/s-3', said: ['1 1'] },
    ]);
  });

  it('knows an event again that another writer recorded while this one waited', async () => {
    const log = stage.open();
    const say = (tx: SqlClient) => log.append(tx, [released('both', 's-1', 'once')]);
    let second: Promise<readonly AppendedEvent[]> | undefined;
    const [first] = await log.transaction(async (tx) => {
      const appended = await say(tx);
      second = log.transaction(say);
      // It waits for the stream's lock by then, having begun before this commits.
      await eventually(async () => {
        const { rowCount } = await stage.pool.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        );
        expect(rowCount).toBe(1);
      });
      return appended;
    });
    expect(first).toMatchObject({ sequence: 1n, appended: true });
    expect(await second).toMatchObject([{ sequence: 1n, appended: false }]);
    const third = await log.transaction((tx) =>
      log.append(tx, [released('both', 's-1', 'another')]),
    );
    expect(third).toMatchObject([{ sequence: 2n, appended: true }]);
  });

  it('refuses a value that no broker would take', async () => {
    const log = stage.open();
    const appending = log.transaction((tx) =>
      log.append(tx, [released('large', 's-1', 'x'.repeat(900_000))]),
    );
    await expect(appending).rejects.toThrow(/SessionReleased of large\/s-1 has \d+ bytes/);
  });
});
