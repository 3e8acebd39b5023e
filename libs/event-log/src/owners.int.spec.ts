import type { RecordedEvent } from '@tallywatt/contracts';
import { eventually } from '@tallywatt/testing';
import {
  briskTiming,
  readEffects,
  sessionsTopic,
  silentLogger,
  writeEffects,
} from './testing/log-stage';
import { append, type LogStage, numbers, startLogStage } from './testing/log-stage-servers';
import type { Handle } from './chunk-transaction';
import { startConsumer } from './consumer';
import type { Consumer, EventLog } from './event-log-api';
import { connectKafka } from './kafka-client';
import type { SqlClient } from './sql-client';
import { standardTiming } from './timing';

let stage: LogStage;

beforeAll(async () => {
  stage = await startLogStage('owners');
});
afterEach(() => stage?.stopOpened());
afterAll(() => stage?.end());

describe('owners', () => {
  const ownerOf = (name: string, groupId: string, handle: Handle): Consumer => {
    const client = connectKafka({
      brokers: [stage.brokers],
      clientId: groupId,
      logger: silentLogger,
    });
    const consumer = startConsumer(
      {
        pool: stage.pool,
        client,
        logger: silentLogger,
        observe: {},
        timing: { ...standardTiming, ...briskTiming },
        onFatal: (error) => {
          throw error;
        },
        onCommit: () => undefined,
      },
      { name, topics: [sessionsTopic], handle, maxBatch: 7 },
      groupId,
    );
    stage.keep({ stop: () => consumer.stop().then(() => client.close()) });
    return consumer;
  };
  it('have one effect when two own the same partitions at the same time', async () => {
    const log = stage.open();
    log.startRelay();
    const write = writeEffects('both');
    const taken = { left: 0, right: 0 };
    const slowly =
      (side: 'left' | 'right') =>
      async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
        await write(events, tx);
        taken[side] += events.length;
        await new Promise((resolve) => setTimeout(resolve, 10));
      };
    // Two groups, so that Kafka gives each of them everything; one name, so they share the offsets.
    const owners = [
      ownerOf('both', 'both-left', slowly('left')),
      ownerOf('both', 'both-right', slowly('right')),
    ];
    await eventually(() => expect(owners.map((owner) => owner.state().assigned)).toEqual([6, 6]));
    const expected: Record<string, string[]> = { 's-0': [], 's-1': [], 's-2': [], 's-3': [] };
    const contested = (): boolean => taken.left > 0 && taken.right > 0;
    for (let n = 0; n < 40 || (n < 400 && !contested()); n += 1) {
      const details = [`${n}-a`, `${n}-b`, `${n}-c`];
      await append(log, 'both', `s-${n % 4}`, details);
      expected[`s-${n % 4}`]?.push(...details);
    }
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'both', 'both')).toEqual(expected),
    );
    expect(taken.left).toBeGreaterThan(0);
    expect(taken.right).toBeGreaterThan(0);
  });

  it('change in mid-stream without loss and without a second effect', async () => {
    const writer = stage.open();
    writer.startRelay();
    const write = writeEffects('moving');
    const handle = async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
      await write(events, tx);
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const join = (): EventLog => {
      const log = stage.open();
      log.consume({ name: 'moving', topics: [sessionsTopic], handle, maxBatch: 5 });
      return log;
    };
    const first = join();
    const appending = (async () => {
      for (let n = 1; n <= 80; n += 1) {
        for (const session of ['s-1', 's-2', 's-3']) {
          await append(writer, 'moving', session, [`${n}`]);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await eventually(() => expect(first.health().consumers[0]).toMatchObject({ assigned: 6 }));
    const second = join();
    await eventually(() => expect(second.health().consumers[0]).toMatchObject({ assigned: 3 }));
    await first.stop(); // in the middle of whatever it does
    await appending;
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'moving', 'moving')).toEqual({
        's-1': numbers(80),
        's-2': numbers(80),
        's-3': numbers(80),
      }),
    );
  });

  it('finish the running transaction when they are stopped, and begin no other', async () => {
    const log = stage.open();
    log.startRelay();
    const write = writeEffects('stopping');
    let calls = 0;
    let goOn = (): void => undefined;
    const stoppedMeanwhile = new Promise<void>((resolve) => (goOn = resolve));
    const slow = async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
      if (!events.some(({ event }) => event.cpoId === 'stopping')) return;
      calls += 1;
      await write(events, tx);
      await stoppedMeanwhile;
    };
    const place = { topics: [sessionsTopic], maxBatch: 3 };
    await append(log, 'stopping', 's-1', numbers(12));
    const stopped = log.consume({ name: 'stopping', ...place, handle: slow });
    await eventually(() => expect(calls).toBe(1));
    const stopping = stopped.stop();
    goOn();
    await stopping;
    const kept = (await readEffects(stage.pool, 'stopping', 'stopping'))['s-1'] ?? [];
    expect(calls).toBe(1);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(numbers(12).slice(0, kept.length));
    const next = stage.open();
    next.consume({ name: 'stopping', ...place, handle: write });
    await eventually(async () =>
      expect((await readEffects(stage.pool, 'stopping', 'stopping'))['s-1']).toEqual(numbers(12)),
    );
  });
});
